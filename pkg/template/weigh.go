package template

import "reflect"

const (
	// maxNesting is how deep values may be nested. It also keeps indented encodings from growing with the square of the input.
	maxNesting = 64
	// perValue is what a value weighs besides its text.
	perValue = 16
)

// scale adds up what values weigh when they are written out in full: what two lists share counts twice, and a map that
// holds itself has no end. It gives up beyond its limit, so that weighing is never dearer than what it protects from.
type scale struct {
	left int64
	// class of the first thing that was too much.
	class Class
}

// weigh is the weight of v in bytes, about; an error where it is more than limit or nested too deeply.
func weigh(v reflect.Value, limit int64) (int64, error) {
	s := scale{left: limit}
	if s.add(v, 0); s.class != "" {
		return 0, &Error{Class: s.class}
	}
	return limit - s.left, nil
}

func (s *scale) add(v reflect.Value, depth int) {
	s.take(perValue, depth)
	switch {
	case s.class != "" || !v.IsValid():
	case v.Kind() == reflect.String:
		s.take(int64(v.Len()), depth)
	case v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			s.add(v.Elem(), depth)
		}
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		s.elements(v, depth+1)
	case v.Kind() == reflect.Map:
		for it := v.MapRange(); s.class == "" && it.Next(); {
			s.add(it.Key(), depth+1)
			s.add(it.Value(), depth+1)
		}
	case v.Kind() == reflect.Struct:
		// Times, versions and sprig's certificates: flat, but for pointers into tables that are not written out.
		for i := range v.NumField() {
			if field := v.Field(i); field.Kind() == reflect.String {
				s.take(int64(field.Len()), depth)
			}
		}
	}
}

func (s *scale) elements(v reflect.Value, depth int) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		s.take(int64(v.Len()), depth)
		return
	}
	for i := 0; s.class == "" && i < v.Len(); i++ {
		s.add(v.Index(i), depth)
	}
}

func (s *scale) take(n int64, depth int) {
	switch {
	case depth > maxNesting:
		s.class = TooDeep
	case n > s.left:
		s.class = TooLarge
	default:
		s.left -= n
	}
}
