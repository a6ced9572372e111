package template

import (
	"errors"
	"reflect"
)

// function is one function of the template language.
type function struct {
	call any
	// random marks a function that gives another result another time: it draws from randomness or reads the clock.
	random bool
	// effort is what one call of a function that is slow by design costs.
	effort int64
	// guard refuses arguments that would make the call too dear, before it is made. It spends what the call will.
	guard func(b *Budget, args []reflect.Value) error
}

var errorType = reflect.TypeFor[error]()

// watch wraps f, which keeps its parameters: the engine converts arguments by them. The result gains an error where f has
// none, since a call may be refused and a panic is told as a failure.
func (r *run) watch(name string, f function) any {
	fn := reflect.ValueOf(f.call)
	typ := fn.Type()
	in := make([]reflect.Type, typ.NumIn())
	for i := range in {
		in[i] = typ.In(i)
	}
	watched := reflect.FuncOf(in, []reflect.Type{typ.Out(0), errorType}, typ.IsVariadic())
	return reflect.MakeFunc(watched, func(args []reflect.Value) []reflect.Value {
		result, err := r.call(f, fn, args)
		if err == nil {
			return []reflect.Value{result, reflect.Zero(errorType)}
		}
		failure := &Error{Class: FunctionFailed}
		errors.As(err, &failure)
		named := *failure
		named.Function = name
		return []reflect.Value{reflect.Zero(typ.Out(0)), reflect.ValueOf(&named).Convert(errorType)}
	}).Interface()
}

func (r *run) call(f function, fn reflect.Value, args []reflect.Value) (result reflect.Value, err error) {
	defer func() {
		if recover() != nil {
			err = &Error{Class: FunctionFailed}
		}
	}()
	if err := r.admit(f, args); err != nil {
		return reflect.Value{}, err
	}
	var out []reflect.Value
	if fn.Type().IsVariadic() {
		out = fn.CallSlice(args)
	} else {
		out = fn.Call(args)
	}
	if len(out) == 2 && !out[1].IsNil() {
		// The function's own words can hold its arguments.
		return reflect.Value{}, &Error{Class: FunctionFailed}
	}
	weight, err := weigh(out[0], r.budget.bytes)
	if err != nil {
		return reflect.Value{}, err
	}
	return out[0], r.budget.produce(weight)
}

// admit spends what a call costs for its arguments alone, and what its guard foresees.
func (r *run) admit(f function, args []reflect.Value) error {
	steps := int64(1)
	for _, arg := range args {
		weight, err := weigh(arg, maxArgument)
		if err != nil {
			return err
		}
		steps += weight / bytesPerStep
	}
	if err := r.budget.Spend(steps); err != nil {
		return err
	}
	if f.effort > 0 {
		if err := r.budget.toil(f.effort); err != nil {
			return err
		}
	}
	if f.guard != nil {
		return f.guard(r.budget, args)
	}
	return nil
}
