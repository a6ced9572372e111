package validation

import (
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// Rules are what an installation allows beyond the rest. The zero Rules allow nothing.
type Rules struct {
	// GenericTargets lets spec.target.manifest name other kinds than Secret.
	GenericTargets bool
}

// ExternalSecret checks a whole ExternalSecret but for its templates, which pkg/template checks.
func ExternalSecret(es *v1.ExternalSecret, rules Rules) field.ErrorList {
	spec := field.NewPath("spec")
	var errs field.ErrorList
	if es.Spec.SecretStoreRef != nil {
		errs = append(errs, validateStoreRef(es.Spec.SecretStoreRef, spec.Child("secretStoreRef"))...)
	}
	errs = append(errs, validateEnum(es.Spec.RefreshPolicy, spec.Child("refreshPolicy"),
		v1.RefreshPolicyCreatedOnce, v1.RefreshPolicyPeriodic, v1.RefreshPolicyOnChange)...)
	errs = append(errs, validateDuration(es.Spec.RefreshInterval, spec.Child("refreshInterval"))...)
	errs = append(errs, validateSyncWindows(es.Spec.SyncWindows, spec.Child("syncWindows"))...)
	errs = append(errs, validateTarget(es.Spec.Target, rules, spec.Child("target"))...)

	if len(es.Spec.Data) == 0 && len(es.Spec.DataFrom) == 0 {
		errs = append(errs, field.Required(spec, "data or dataFrom must have at least one entry"))
	}
	errs = append(errs, validateData(es, spec.Child("data"))...)
	regexps := newExpressions()
	return append(errs, each(es.Spec.DataFrom, MaxEntries, spec.Child("dataFrom"), func(entry *v1.ExternalSecretDataFrom, at *field.Path) field.ErrorList {
		return append(validateSource(entry.SourceRef, es.Spec.SecretStoreRef, at), validateDataFrom(entry, regexps, at)...)
	})...)
}

func validateStoreRef(ref *v1.SecretStoreRef, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if ref.Name != nil {
		errs = append(errs, validateName(*ref.Name, path.Child("name"))...)
	}
	return append(errs, validateEnum(ref.Kind, path.Child("kind"), v1.SecretStoreKind, v1.ClusterSecretStoreKind)...)
}

// validateDuration takes what time.ParseDuration takes; "0" turns the interval off.
func validateDuration(value *string, path *field.Path) field.ErrorList {
	if value == nil {
		return nil
	}
	d, err := time.ParseDuration(*value)
	if err != nil {
		return field.ErrorList{field.Invalid(path, *value, `must be a duration such as "5m" or "1h30m", or "0"`)}
	}
	if d < 0 {
		return field.ErrorList{field.Invalid(path, *value, "must not be negative")}
	}
	return nil
}

func validateData(es *v1.ExternalSecret, path *field.Path) field.ErrorList {
	seen := make(map[string]bool, len(es.Spec.Data))
	return each(es.Spec.Data, MaxEntries, path, func(entry *v1.ExternalSecretData, at *field.Path) field.ErrorList {
		errs := validateKey(entry.SecretKey, at.Child("secretKey"))
		if seen[entry.SecretKey] {
			errs = append(errs, field.Duplicate(at.Child("secretKey"), entry.SecretKey))
		}
		seen[entry.SecretKey] = true
		errs = append(errs, validateRemoteRef(&entry.RemoteRef, at.Child("remoteRef"))...)
		return append(errs, validateSource(entry.SourceRef, es.Spec.SecretStoreRef, at)...)
	})
}

func validateRemoteRef(ref *v1.RemoteRef, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if ref.Key == "" {
		errs = append(errs, field.Required(path.Child("key"), "must name a secret of the provider"))
	}
	errs = append(errs, tooLong(&ref.Key, maxText, path.Child("key"))...)
	errs = append(errs, tooLong(ref.Property, maxText, path.Child("property"))...)
	errs = append(errs, tooLong(ref.Version, maxVersion, path.Child("version"))...)
	errs = append(errs, validateEnum(ref.MetadataPolicy, path.Child("metadataPolicy"), v1.MetadataPolicyNone, v1.MetadataPolicyFetch)...)
	return append(errs, validateStrategies(ref.ConversionStrategy, ref.DecodingStrategy, ref.NullBytePolicy, path)...)
}

func validateStrategies(conversion *v1.ConversionStrategy, decoding *v1.DecodingStrategy, nullByte *v1.NullBytePolicy, path *field.Path) field.ErrorList {
	errs := validateEnum(conversion, path.Child("conversionStrategy"), v1.ConversionDefault, v1.ConversionUnicode)
	errs = append(errs, validateDecoding(decoding, path.Child("decodingStrategy"))...)
	return append(errs, validateEnum(nullByte, path.Child("nullBytePolicy"), v1.NullByteIgnore, v1.NullByteFail)...)
}

func validateDecoding(strategy *v1.DecodingStrategy, path *field.Path) field.ErrorList {
	return validateEnum(strategy, path, v1.DecodeAuto, v1.DecodeBase64, v1.DecodeBase64URL, v1.DecodeNone)
}

// validateSource checks an entry's own sourceRef, and that some store is named at all.
func validateSource(source *v1.SourceRef, fallback *v1.SecretStoreRef, entry *field.Path) field.ErrorList {
	path := entry.Child("sourceRef")
	// Typed clients write an empty storeRef where they mean none.
	isEmpty := source != nil && source.GeneratorRef == nil && source.StoreRef != nil && *source.StoreRef == (v1.SecretStoreRef{})
	if source == nil || isEmpty {
		if fallback == nil || fallback.Name == nil {
			return field.ErrorList{field.Required(field.NewPath("spec", "secretStoreRef", "name"),
				"must name a store, since "+entry.String()+" has no sourceRef of its own")}
		}
		return nil
	}
	if source.GeneratorRef != nil {
		return field.ErrorList{field.Forbidden(path.Child("generatorRef"),
			"this server has no generators: it reads stores alone; name one in storeRef, or have External Secrets Operator handle this object")}
	}
	if source.StoreRef == nil {
		return field.ErrorList{field.Required(path.Child("storeRef"), "must name a store")}
	}
	if source.StoreRef.Name == nil {
		return field.ErrorList{field.Required(path.Child("storeRef", "name"), "must name a store")}
	}
	return validateStoreRef(source.StoreRef, path.Child("storeRef"))
}

func validateDataFrom(entry *v1.ExternalSecretDataFrom, regexps *expressions, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if entry.SourceRef == nil || entry.SourceRef.GeneratorRef == nil {
		errs = append(errs, exactlyOne(path, map[string]bool{"extract": entry.Extract != nil, "find": entry.Find != nil})...)
	}
	if entry.Extract != nil {
		errs = append(errs, validateRemoteRef(entry.Extract, path.Child("extract"))...)
	}
	if entry.Find != nil {
		errs = append(errs, validateFind(entry.Find, regexps, path.Child("find"))...)
	}
	return append(errs, each(entry.Rewrite, MaxRewrites, path.Child("rewrite"), func(rewrite *v1.Rewrite, at *field.Path) field.ErrorList {
		return validateRewrite(rewrite, regexps, at)
	})...)
}

func validateFind(find *v1.Find, regexps *expressions, path *field.Path) field.ErrorList {
	errs := validateStrategies(find.ConversionStrategy, find.DecodingStrategy, find.NullBytePolicy, path)
	if find.Name != nil && find.Name.RegExp != nil {
		errs = append(errs, regexps.validate(*find.Name.RegExp, path.Child("name", "regexp"))...)
	}
	errs = append(errs, tooLong(find.Path, maxText, path.Child("path"))...)
	return append(errs, validateTags(find.Tags, path.Child("tags"))...)
}

func validateTags(tags map[string]string, path *field.Path) field.ErrorList {
	if errs := tooMany(len(tags), maxTags, path); errs != nil {
		return errs
	}
	var errs field.ErrorList
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		if len(tag)+len(tags[tag]) > maxText {
			errs = append(errs, field.TooLong(path.Key(tag), field.OmitValueType{}, maxText))
		}
	}
	return errs
}

func validateRewrite(rewrite *v1.Rewrite, regexps *expressions, path *field.Path) field.ErrorList {
	errs := exactlyOne(path, map[string]bool{
		"merge": rewrite.Merge != nil, "regexp": rewrite.Regexp != nil, "transform": rewrite.Transform != nil,
	})
	if rewrite.Regexp != nil {
		errs = append(errs, regexps.validate(rewrite.Regexp.Source, path.Child("regexp", "source"))...)
		errs = append(errs, tooLong(&rewrite.Regexp.Target, MaxRename, path.Child("regexp", "target"))...)
	}
	if rewrite.Merge != nil {
		errs = append(errs, validateMerge(rewrite.Merge, path.Child("merge"))...)
	}
	return errs
}

func validateMerge(merge *v1.RewriteMerge, path *field.Path) field.ErrorList {
	errs := validateEnum(merge.PriorityPolicy, path.Child("priorityPolicy"), v1.MergePriorityIgnoreNotFound, v1.MergePriorityStrict)
	errs = append(errs, validateEnum(merge.ConflictPolicy, path.Child("conflictPolicy"), v1.MergeConflictIgnore, v1.MergeConflictError)...)
	errs = append(errs, validateEnum(merge.Strategy, path.Child("strategy"), v1.MergeExtract, v1.MergeJSON)...)
	if merge.Strategy != nil && *merge.Strategy == v1.MergeJSON && (merge.Into == nil || *merge.Into == "") {
		errs = append(errs, field.Required(path.Child("into"), "must name the key of the result with the strategy JSON"))
	}
	errs = append(errs, tooLong(merge.Into, MaxRename, path.Child("into"))...)
	return append(errs, each(merge.Priority, maxPriorities, path.Child("priority"),
		func(key *string, at *field.Path) field.ErrorList { return tooLong(key, MaxRename, at) })...)
}
