package dlt

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// ErrorCode is what one error code of an SMSC or a DLT scrubber means.
type ErrorCode struct {
	Code      string     // as its source writes it; the word itself where the source gives no code
	Class     ErrorClass // what is at fault
	Reason    string     // stable, snake_case; the same word in every dictionary
	Detail    string     // for people
	Retryable bool       // the same message may get through a little later, or on another SMSC
}

// Dictionary tells what the error codes of one kind of SMSC mean. It never changes.
type Dictionary struct {
	codes []ErrorCode
	find  map[string]int // in codes, by code, by reason and by word, as errorKey writes them
}

//go:embed errors/*.csv
var errorFiles embed.FS

// errorDictionaries are the dictionaries by name, and the files that each is made of. Codes mean something only per
// SMSC (023 is "template not matched" at one aggregator, and "unknown subscriber" at another), so that no dictionary
// holds all files; of a code that several of its files have, the first one's meaning counts. Infobip numbers the errors
// of networks as MAP does. That Vi does, and knows the 600 series, is taken to be so; none of its own codes collides.
var errorDictionaries = map[string][]string{
	"generic": {"dlt600", "gsm"},
	"airtel":  {"airtel", "dlt600"},
	"infobip": {"infobip", "gsm"},
	"kaleyra": {"kaleyra", "dlt600"},
	"vi":      {"vi", "dlt600", "gsm"},
}

// loadDictionaries reads all files once. They are part of the program, so that the error is one of its making.
var loadDictionaries = sync.OnceValues(func() (map[string]*Dictionary, error) {
	all := make(map[string]*Dictionary, len(errorDictionaries))
	for name, files := range errorDictionaries {
		d := &Dictionary{find: map[string]int{}}
		for _, file := range files {
			rows, err := readErrorFile(file)
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				d.add(row)
			}
		}
		all[name] = d
	}
	return all, nil
})

// ErrorDictionaries returns the names of the dictionaries, sorted.
func ErrorDictionaries() []string { return slices.Sorted(maps.Keys(errorDictionaries)) }

// ErrorDictionary returns the dictionary of that name; the error for another name lists those that there are.
func ErrorDictionary(name string) (*Dictionary, error) {
	all, err := loadDictionaries()
	if err != nil {
		return nil, err
	}
	d, ok := all[name]
	if !ok {
		return nil, fmt.Errorf("error dictionary %q is not one of %s", name, strings.Join(ErrorDictionaries(), ", "))
	}
	return d, nil
}

// Lookup finds what an error code means, or a word that stands for one ("TEMPLATE_NOT_MATCHED", "TL-NT-MTCHD"). Case,
// spaces around, leading zeros, a leading EC_, and whether a word is written with - or _, do not matter. It is false
// for zero, which says that there was no error. A word that several codes share gives the first of them.
func (d *Dictionary) Lookup(code string) (ErrorCode, bool) {
	key := strings.TrimLeft(strings.TrimSpace(code), "0")
	if key == "" {
		return ErrorCode{}, false
	}
	i, ok := d.find[key] // most codes are digits alone
	if !ok {
		i, ok = d.find[errorKey(key)]
	}
	if !ok {
		return ErrorCode{}, false
	}
	return d.codes[i], true
}

// Codes returns all codes, the lower ones first, and behind them the words that have no code.
func (d *Dictionary) Codes() []ErrorCode {
	return slices.SortedFunc(slices.Values(d.codes), func(a, b ErrorCode) int {
		x, y := errorKey(a.Code), errorKey(b.Code)
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	})
}

// add takes a row's codes and words. What is there already stays.
func (d *Dictionary) add(row errorRow) {
	codes := row.codes
	if len(codes) == 0 {
		codes = row.words[:1]
	}
	first := len(d.codes)
	for _, code := range codes {
		if _, known := d.find[errorKey(code)]; known {
			continue
		}
		meaning := row.meaning
		meaning.Code = code
		d.find[errorKey(code)] = len(d.codes)
		d.codes = append(d.codes, meaning)
	}
	if first == len(d.codes) {
		return
	}
	for _, word := range append(row.words, row.meaning.Reason) {
		if _, known := d.find[errorKey(word)]; !known {
			d.find[errorKey(word)] = first
		}
	}
}
