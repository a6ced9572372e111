package validation

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// How much an object may hold of what is worked on with each read. Nobody writes as much by hand; who generates manifests
// is told before an object of a megabyte keeps a worker busy.
const (
	// MaxEntries is how many entries data may have, and dataFrom: no Secret holds more keys.
	MaxEntries = 10_000
	// MaxRewrites is how many operations one entry of dataFrom may have.
	MaxRewrites = 64
	// MaxRename is how long the target of a rewrite.regexp may be, in bytes.
	MaxRename = 1024

	maxWindows      = 100
	maxPriorities   = 1000
	maxTags         = 100
	maxTemplateFrom = 1000
	maxItems        = 1000
	maxFinalizers   = 100
	maxConditions   = 1000
	maxNamespaces   = 10_000
	maxRegexes      = 100

	// maxText is for what names something at a provider: keys, properties, folders, tags. In bytes.
	maxText = 4096
	// maxVersion is for a version at a provider, in bytes.
	maxVersion = 256
)

const (
	// mostErrors is how many errors an answer tells.
	mostErrors = 20
	// longestValue is how much of a value an error repeats, in bytes.
	longestValue = 256
	// longestText is how long the rest of it may be, which can name keys of maps.
	longestText = 1024
)

// Bounded makes errors an answer of bounded size, whatever was sent: each is told once, at most twenty of them, and none
// repeats more than the beginning of a value.
func Bounded(errs field.ErrorList) field.ErrorList {
	bounded := make(field.ErrorList, 0, min(len(errs), mostErrors+1))
	seen := map[string]bool{}
	left := 0
	for _, err := range errs {
		err = shortened(err)
		if seen[err.Error()] {
			continue
		}
		if len(bounded) == mostErrors {
			left++
			continue
		}
		seen[err.Error()] = true
		bounded = append(bounded, err)
	}
	if left > 0 {
		bounded = append(bounded, field.Invalid(field.NewPath("spec"), field.OmitValueType{}, fmt.Sprintf("and %d more errors", left)))
	}
	return bounded
}

func shortened(err *field.Error) *field.Error {
	short := *err
	short.Field, short.Detail = cut(err.Field, longestText), cut(err.Detail, longestText)
	if text := fmt.Sprint(err.BadValue); len(text) > longestValue {
		short.BadValue = cut(text, longestValue)
	}
	return &short
}

func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length] + "..."
}

// tooMany checks the length of a list or map. What is too long is not looked into.
func tooMany(length, limit int, path *field.Path) field.ErrorList {
	if length <= limit {
		return nil
	}
	return field.ErrorList{field.TooMany(path, length, limit)}
}

// tooLong checks the length of texts that are optional.
func tooLong(text *string, limit int, path *field.Path) field.ErrorList {
	if text == nil || len(*text) <= limit {
		return nil
	}
	return field.ErrorList{field.TooLong(path, field.OmitValueType{}, limit)}
}

// each checks the elements of a list that is not too long.
func each[T any](list []T, limit int, path *field.Path, check func(element *T, at *field.Path) field.ErrorList) field.ErrorList {
	if errs := tooMany(len(list), limit, path); errs != nil {
		return errs
	}
	var all []field.ErrorList
	for i := range list {
		if errs := check(&list[i], path.Index(i)); len(errs) > 0 {
			all = append(all, errs)
		}
	}
	return slices.Concat(all...)
}
