package validation

import (
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/recurrence"
)

func validateSyncWindows(windows *v1.SyncWindows, path *field.Path) field.ErrorList {
	if windows == nil {
		return nil
	}
	errs := validateEnum(&windows.Kind, path.Child("kind"), v1.SyncWindowAllow, v1.SyncWindowDeny)
	if len(windows.Windows) == 0 {
		errs = append(errs, field.Required(path.Child("windows"), "must have at least one window"))
	}
	return append(errs, each(windows.Windows, maxWindows, path.Child("windows"), validateWindow)...)
}

func validateWindow(window *v1.SyncWindow, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if _, err := recurrence.Parse(window.Schedule); err != nil {
		errs = append(errs, field.Invalid(path.Child("schedule"), window.Schedule, err.Error()))
	}
	if d, err := time.ParseDuration(window.Duration); err != nil || d <= 0 {
		errs = append(errs, field.Invalid(path.Child("duration"), window.Duration, `must be a positive duration such as "1h30m"`))
	}
	return errs
}

// Warnings is what is allowed in a spec and will hardly be meant.
func Warnings(es *v1.ExternalSecret) []string {
	if es.Spec.SyncWindows == nil {
		return nil
	}
	path := field.NewPath("spec", "syncWindows", "windows")
	var warnings []string
	for i, window := range es.Spec.SyncWindows.Windows {
		if s, err := recurrence.Parse(window.Schedule); err == nil && !recurrence.Comes(s) {
			warnings = append(warnings, path.Index(i).Child("schedule").String()+": there is no such day; the window never opens")
		}
	}
	return warnings
}
