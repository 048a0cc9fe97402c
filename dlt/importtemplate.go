package dlt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// templateRow reads one template and its links.
func (r *reader) templateRow() {
	t := Template{Entity: r.entity()}
	headers := r.headers(t.Entity)
	t.ID = r.template(t.Entity)
	t.Name = r.text(colName)
	t.Category = r.category()
	t.Standing = r.standing()
	raw := r.cell(colContent).Text
	t.Content, t.Rule = normalise(raw, r.d.Aliases.Tags)
	if t.Rule != "" {
		t.Raw = raw
	}
	tokens, err := ParseContent(t.Content, nil)
	if err != nil {
		r.fail(colContent, err)
	}
	t.VarTypes = r.varTypes(t.ID)
	if r.fault != nil {
		return
	}
	isNew := add(r, &r.imp.Templates, seenKey{KindTemplate, string(t.ID)}, t, joinTemplates)
	if r.fault != nil {
		return
	}
	if _, ok := r.at[colHeader]; ok && isNew && len(headers) == 0 {
		r.find(noHeader, string(t.ID), t.Entity, "the row names no header")
	}
	r.lookAt(&t, tokens)
	r.addLinks(t.ID, headers, Standing{}) // how the links stand is not told: the status is the template's
}

// linkRow reads the links of one template to one header or several.
func (r *reader) linkRow() {
	id := r.template("")
	headers := r.headers("")
	if len(headers) == 0 {
		r.fail(colHeader, errors.New("the header is empty"))
	}
	standing := r.standing()
	for _, h := range headers { // all before one is added: a row is taken over whole or not at all
		if i, again := r.seen[linkKey(id, h)]; again {
			if _, column := joinStandings(r.imp.Links[i].Value.Standing, standing); column != "" {
				r.failAgain(column, r.imp.Links[i].Line)
			}
		}
	}
	if r.fault == nil {
		r.addLinks(id, headers, standing)
	}
}

// template reads a template's id; the entity whose it is may be empty.
func (r *reader) template(entity EntityID) TemplateID {
	id := parsed(r, colTemplate, r.id(colTemplate), ParseTemplateID)
	if id != "" && len(id) != 19 {
		r.find(idLength, string(id), entity, fmt.Sprintf("the template id has %d digits: a digit may be lost", len(id)))
	}
	return id
}

// addLinks adds the links of one row, none of which contradicts an earlier one.
func (r *reader) addLinks(id TemplateID, headers []Header, standing Standing) {
	for _, h := range headers {
		add(r, &r.imp.Links, linkKey(id, h), Link{id, h, standing}, joinLinks)
	}
}

func linkKey(id TemplateID, h Header) seenKey { return seenKey{KindLink, string(id) + " " + string(h)} }

// headers reads the headers of a cell, separated by | (ours), a comma, a semicolon or a line break; one that comes
// twice counts once.
func (r *reader) headers(entity EntityID) []Header {
	var headers []Header
	separates := func(c rune) bool { return strings.ContainsRune("|,;\r\n", c) }
	for part := range strings.FieldsFuncSeq(r.text(colHeader), separates) {
		if h := r.header(strings.TrimSpace(part), entity); !slices.Contains(headers, h) {
			headers = append(headers, h)
		}
	}
	return headers
}

// noCategory are what a portal's "Template Type" or "Communication Type" holds where it is not the category: how the
// text is encoded, or that it is an SMS. A "Category" beside it may then be the category.
var noCategory = []string{"text", "unicode", "sms", "gsm", "plain"}

func (r *reader) category() Category {
	s := r.text(colCategory)
	if slices.Contains(noCategory, strings.ToLower(s)) {
		s = ""
	}
	if s != "" {
		return parsed(r, colCategory, s, ParseCategory)
	}
	if c, err := ParseCategory(r.text(colBeside)); err == nil {
		return c
	}
	if r.d.Category == "" {
		r.fail(colCategory, errors.New("the category is empty: fill it in, or give --category for all such rows"))
	}
	return r.d.Category
}

// varTypes reads the types of variables that a portal lists beside the text, separated by | or a comma, as names or as
// tags. One that is not known stays as Unknown, and is reported.
func (r *reader) varTypes(id TemplateID) []VarType {
	s := r.text(colVarTypes)
	if s == "" {
		return nil
	}
	var types []VarType
	for part := range strings.SplitSeq(strings.ReplaceAll(s, "|", ","), ",") {
		name := strings.Trim(strings.TrimSpace(part), "{#}")
		typ, known := typeOfTag(name, r.d.Aliases.Tags)
		switch {
		case name == "" || strings.EqualFold(name, string(Untyped)):
			typ = Untyped
		case !known:
			r.find(unknownTag, string(id), "", fmt.Sprintf("%s has the type %q, which is not known", colVarTypes, name))
		}
		types = append(types, typ)
	}
	return types
}

// lookAt reports what is odd about a template that was taken over.
func (r *reader) lookAt(t *Template, tokens []Token) {
	id := string(t.ID)
	if d := id[2:4]; len(id) == 19 && d != "07" && d != "77" {
		r.find(typeDigits, id, t.Entity, fmt.Sprintf("the id's type digits are %s", d))
	}
	variables := 0
	var unknown []string
	for _, token := range tokens {
		if token.Tag != "" {
			variables++
		}
		if token.Var == Unknown && !slices.Contains(unknown, token.Tag) {
			unknown = append(unknown, token.Tag)
		}
	}
	if len(unknown) > 0 {
		r.find(unknownTag, id, t.Entity, "the text has "+strings.Join(unknown, ", ")+", whose meaning is not known")
	}
	if s := r.text(colVarCount); s != "" && s != strconv.Itoa(variables) {
		r.find(countDiffers, id, t.Entity, fmt.Sprintf("the text has %d variables, %s says %.20q", variables, colVarCount, s))
	}
	if n := len(t.VarTypes); n > 0 && n != variables {
		r.find(typesDiffer, id, t.Entity, fmt.Sprintf("the text has %d variables, %s names %d", variables, colVarTypes, n))
	}
}
