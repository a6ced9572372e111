package sidebyside

// difference is a step whose answers differ on purpose. ours and twin match the
// lines that only one of the two answers has; the others are the same.
type difference struct {
	reason     string
	ours, twin string
}

const anything = ".*"

const (
	reasonLive     = "a read of the most recent state shows what the provider shows"
	reasonTypes    = "Go types have names, and schemas of definitions have none"
	reasonColumns  = "columns are described in words, not by their path"
	reasonList     = "elements of a list do not repeat its kind, as those of the kinds of Kubernetes itself"
	reasonRoutes   = "what is not served is said to be no resource, or no method of one, as by Kubernetes itself"
	reasonDecoding = "a value of another type is found by the decoder of the Go type, which names the field in its own way"
	reasonPatched  = "the patched object, which the message repeats, has its fields in the order of the Go type"
	reasonApplied  = "an applied object that does not fit the schema is the client's mistake, not an internal error"
	reasonStrategy = "a strategic merge patch is accepted too: it is what kubectl patch sends unless told otherwise"
)

const (
	namedType    = `(FIELD:)? *\w+\s<(\[\])?\w+>( -required-)?`
	listElement  = ` +"(apiVersion|kind)": "(GROUP/v1|ExternalSecret)",| +"continue": "",|`
	description  = ` +"description": ".*",`
	notAsBefore  = `(400|404|405|500) application/json| +"(code|message|reason)": .*| +"details": \{\},`
	invalidField = `422 application/json| +"(code|details|causes|field|message|reason|group|kind|name)": .*| +[\]{}]+,?`
)

var differences = map[string]difference{
	"kubectl/get":          {reasonLive, `one .* Unknown +AGE`, `one .*1h0m0s +AGE`},
	"kubectl/get one wide": {reasonLive, `one .* Unknown +AGE`, `one .*1h0m0s +AGE`},
	"kubectl/get ready":    {reasonLive, `one .* True +Unknown +AGE`, `one .* True +AGE`},
	"kubectl/get yaml": {
		reasonLive,
		`status:|  live:|    (message: .*|state: Unknown|sources:|- key: database)|      storeRef:|        (kind: SecretStore|name: idle)`,
		``,
	},

	"kubectl/explain":        {reasonTypes, namedType, namedType},
	"kubectl/explain target": {reasonTypes, namedType + `| +ExternalSecretTarget says what becomes of the values\.`, namedType},
	"kubectl/explain store":  {reasonTypes, namedType, namedType},

	"requests/table":               {reasonColumns, description, description},
	"requests/table of a list":     {reasonColumns, description, description},
	"requests/list version 0":      {reasonList, ``, listElement},
	"requests/list a page":         {reasonList, ``, listElement},
	"requests/delete collection":   {reasonList, ``, listElement},
	"requests/collection by put":   {reasonRoutes, notAsBefore, notAsBefore},
	"requests/protobuf alone":      {"the refusal is in JSON, which its reader can show", anything, anything},
	"requests/create another kind": {"kinds are told apart by the decoder", notAsBefore, invalidField},

	"requests/a subresource that is not there": {reasonRoutes, notAsBefore, invalidField},
	"requests/a resource that is not there":    {reasonRoutes, anything, `404 (text/plain; charset=utf-8|page not found)`},

	"requests/create with a wrong type":       {reasonDecoding, notAsBefore, invalidField},
	"patches/merge a wrong type":              {reasonDecoding, invalidField, invalidField},
	"patches/merge status against the schema": {reasonDecoding, invalidField, invalidField},
	"patches/merge an unknown field":          {reasonPatched, ` +"message": .*unknown field .*surprise.*`, ` +"message": .*unknown field .*surprise.*`},
	"patches/apply an unknown field":          {reasonApplied, notAsBefore, notAsBefore},
	"patches/apply a wrong type":              {reasonApplied, notAsBefore, notAsBefore},
	"patches/hold what is going": {
		"one refusal of a finalizer is enough", ``,
		` +[{}],?| +"field": "metadata.finalizers",| +"message": "Forbidden: no new finalizers .*",| +"reason": "FieldValueForbidden"`,
	},

	"leniency/patch without type":  {reasonStrategy, `externalsecret.GROUP/one patched|\(failed: false\)`, `error: application/strategic-merge-patch\+json is not supported .*|\(failed: true\)`},
	"leniency/strategic":           {reasonStrategy, anything, `415 application/json|  "\w+": .*`},
	"leniency/create without kind": {"the kind is that of the path, as for the kinds of Kubernetes itself", anything, notAsBefore + `|  "(apiVersion|kind|metadata|status)": .*`},
}
