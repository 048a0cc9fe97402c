package templates

import (
	"fmt"
	"slices"
	"strings"

	"harkara/dlt"
)

// Rules from TRAI's directions of 16 February and 12 May 2023. Templates with more, and with adjacent
// ones, are approved all the same, so that none of these is an error.

// tooManyVariables: two, a third in exigency with recorded reasons, more with special approval only.
func tooManyVariables(t *registered) []fault {
	n := len(t.tags)
	if n <= 2 {
		return nil
	}
	faults := one("register it anew with two variables, or keep the operator's approval at hand",
		"it has %d variables; two are the rule, a third needs recorded reasons, more a special approval", n)
	if n == 3 {
		faults[0].severity = dlt.Note
	}
	return faults
}

// adjacentVariables: variables must not stand side by side, nor with only a space, comma or special character between.
func adjacentVariables(t *registered) []fault {
	var at places
	number, last := 0, -1 // of variables; where the last one is in glyphs while no word has come after it
	first := ""
	for i, g := range t.glyphs {
		switch {
		case g.r == variable:
			number++
			if last >= 0 {
				if at == nil {
					first = between(number, spell(t.glyphs[last+1:i], ""))
				}
				at = append(at, g.at)
			}
			last = i
		case isWordly(g.r):
			last = -1
		}
	}
	if at == nil {
		return nil
	}
	return one("register it anew with a word between them, or with one variable for both", "%s (%s)", first, at)
}

// between says what stands between a variable and the one before it.
func between(second int, what string) string {
	if what == "" {
		return fmt.Sprintf("variables %d and %d stand side by side", second-1, second)
	}
	return fmt.Sprintf("only %q stands between variables %d and %d", what, second-1, second)
}

// littleFixedText: at least 30 % of the text must be fixed. The directions do not say how it is counted. Here it is the
// fixed characters, spaces too, out of all with every variable as long as it may be, which is the strictest way.
func littleFixedText(t *registered) []fault {
	all := t.compiled.WorstCase(t.Rules)
	fixed := len(t.glyphs) - len(t.tags)
	if fixed*10 >= all*3 {
		return nil
	}
	return one("register it anew with more fixed text, or with fewer or shorter variables",
		"%d of %d characters are fixed (%d %%) when every variable is as long as it may be; 30 %% are the rule",
		fixed, all, fixed*100/all)
}

// untypedVariables: TRAI's direction of 18 November 2025 wants every variable tagged with a type; whether old templates
// without are refused, and since when, could not be confirmed.
func untypedVariables(t *registered) []fault {
	var numbers []string
	for i, typ := range t.compiled.Slots() {
		if typ == dlt.Untyped {
			numbers = append(numbers, fmt.Sprint(i+1))
		}
	}
	if numbers == nil {
		return nil
	}
	what := "variable " + numbers[0] + " has"
	if len(numbers) > 1 {
		what = "variables " + strings.Join(numbers, ", ") + " have"
	}
	return one("register it anew with {#numeric#}, {#alphanumeric#}, {#url#}, {#urlott#}, {#cbn#} or {#email#} instead",
		"%s no type; operators may refuse such templates since TRAI's direction of November 2025", what)
}

// unknownTag: spellings differ by portal (see dlt.VarType), and a new one can appear any day.
func unknownTag(t *registered) []fault {
	var seen []string
	var faults []fault
	number := 0
	for _, g := range t.glyphs {
		if g.r != variable {
			continue
		}
		tag, typ := t.tags[number], t.compiled.Slots()[number]
		number++
		if typ != dlt.Unknown || slices.Contains(seen, tag) {
			continue
		}
		seen = append(seen, tag)
		faults = append(faults, one(
			"find out what the portal means by it, add it to register.tags and import the template again",
			"the tag %s at character %d is not known; its values are checked like those of {#var#}", tag, g.at)...)
	}
	return faults
}
