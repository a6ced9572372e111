// Package infisical reads secrets of an Infisical instance.
//
// A Scope is a folder of the store's project and environment, alone or with all below it; its Picture is one answer of
// the list of secrets, which holds every value, and is asked for again with If-None-Match. The ETag of a list covers
// values, imports and the secrets that values refer to; the version of a secret covers none but its own text.
//
// # Where a key is looked up
//
// FOO is in the store's secretsPath, /a/b/FOO in /a/b, sub/FOO in sub below secretsPath. secretsPath says where bare keys
// are; it is not a boundary. What the identity may read is for Infisical to say.
//
// A folder's own secrets beat what it imports, and of its imports the last one wins, as in Infisical's own answer for a
// single secret. A recursive list does not tell which of its folders imports what, leaves out what may not be read, and
// does not tell an empty folder from an absent one: a key that it does not show as a folder's own is looked up in that
// folder's list, which is then a Part of the recursive Picture.
//
// # What a find sees
//
// A find covers secretsPath, with all below it where the store is recursive, or the folder of its path instead. A path that
// holds secretsPath leaves it at secretsPath. Paths match whole folder names: /app holds /app/web, and not /app2. Name,
// path and tags must all match; tags are names of slugs that a secret must all have, their values say nothing. Where
// several folders have a key, the one nearest to the root gives it, and of equally near ones the first in the order of
// their paths; imported secrets come after all others.
//
// # The official SDK
//
// Requests are made by the API functions of github.com/infisical/go-sdk, which know addresses, parameters and shapes.
// They take no context, accept any content type, drop the error's class and several fields, and put whole addresses into
// errors. Each call therefore has a client of its own whose transport (exchange) keeps the call's deadline, refuses
// redirects, caps and checks what comes back, and says in this project's words what went wrong.
package infisical
