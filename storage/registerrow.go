package storage

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"harkara/dlt"
)

// A row's key is an id, or the parts that name the row, with a space between. Only the last part may hold a space
// itself, so that no two rows have the same key.

func headerKey(h dlt.Header, owner dlt.EntityID) string { return string(h) + " " + string(owner) }

func linkKey(l *dlt.Link) string { return string(l.Template) + " " + string(l.Header) }

func ctaKey(c *dlt.CTA) string { return string(c.Entity) + " " + string(c.Type) + " " + c.Value }

// chainKey holds the time from which the chain counts, as one follows the other at the same SMSC; "-" is from ever.
func chainKey(c *dlt.ChainRecord) string {
	from := "-"
	if !c.From.IsZero() {
		from = c.From.UTC().Format(time.RFC3339Nano)
	}
	return string(c.Entity) + " " + from + " " + c.SMSC
}

// addRow reads a row of the table into the contents.
func addRow(c *dlt.Contents, kind dlt.Kind, body []byte) (err error) {
	switch kind {
	case dlt.KindEntity:
		err = addBody(&c.Entities, body)
	case dlt.KindHeader:
		err = addBody(&c.Headers, body)
	case dlt.KindTemplate:
		err = addBody(&c.Templates, body)
	case dlt.KindLink:
		err = addBody(&c.Links, body)
	case dlt.KindCTA:
		err = addBody(&c.CTAs, body)
	case dlt.KindChain:
		err = addBody(&c.Chains, body)
	default:
		return fmt.Errorf("rows of kind %q are not known: this program is older than the database", kind)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	return nil
}

func addBody[T any](list *[]T, body []byte) error {
	var row T
	if err := json.Unmarshal(body, &row); err != nil {
		return err
	}
	*list = append(*list, row)
	return nil
}

// FieldChange is one field of a row that an import gave another value; Before is empty where it had none.
type FieldChange struct {
	Field  string `json:"field"` // as in the row's JSON: content, status, from, ...
	Before string `json:"before"`
	After  string `json:"after"`
}

// fieldChanges compares two bodies, in the order of the fields' names.
func fieldChanges(before, after []byte) ([]FieldChange, error) {
	old, err := fieldsOf(before)
	if err != nil {
		return nil, err
	}
	now, err := fieldsOf(after)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(old)
	maps.Copy(all, now)
	var changes []FieldChange
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if old[name] != now[name] {
			changes = append(changes, FieldChange{name, old[name], now[name]})
		}
	}
	return changes, nil
}

// fieldsOf reads a body's fields as texts; the texts of a list stand between commas.
func fieldsOf(body []byte) (map[string]string, error) {
	var values map[string]any
	if err := json.Unmarshal(body, &values); err != nil {
		return nil, err
	}
	fields := make(map[string]string, len(values))
	for name, value := range values {
		if list, ok := value.([]any); ok {
			texts := make([]string, len(list))
			for i := range list {
				texts[i] = fmt.Sprint(list[i])
			}
			value = strings.Join(texts, ",")
		}
		fields[name] = fmt.Sprint(value)
	}
	return fields, nil
}
