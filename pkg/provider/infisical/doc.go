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
// A recursive list goes by the text of paths, and shows /app2 with /app: what is not below the folder is left out. Of imports
// it does not tell which folder has them, so those of /app2 stay.
//
// A folder's own secrets beat what it imports, and of its imports the last one wins, as in Infisical's own answer for a
// single secret. A recursive list does not tell which of its folders imports what, leaves out what may not be read, and
// does not tell an empty folder from an absent one: a key that it does not show as a folder's own is looked up in that
// folder's list, which is then a Part of the recursive Picture.
//
// # One list or many
//
// A folder that is wanted is listed by itself, which brings no value that nobody asked for. Where more than four below a
// common folder are, the deepest such folder that is not above secretsPath is listed with all below it instead, one request
// in place of many, until there are fewer than three. The recursive list is tried before anything rests on it. It is given
// up for ten minutes, and folders are listed again, where it may not be read, fails for three polls, takes more than a
// quarter of what a store may hold, or has no secret of a folder that is wanted: what it leaves out since it may not be read
// would not be seen to change.
//
// # Events
//
// Where Infisical has event subscriptions (a licence), one stream for each identity and project tells where something
// changed; of what it tells, nothing is believed but that it is worth looking. It is for one environment where the stores of
// the identity name one, else for the whole project, since a subscription has ten entries at most. A scope is read again at
// events in its folders and in those that it imports. What its values refer to is not known of it: that arrives with the poll.
//
// # What a find sees
//
// A find covers secretsPath, with all below it where the store is recursive, or the folder of its path instead. A path that
// holds secretsPath leaves it at secretsPath. Paths match whole folder names: /app holds /app/web, and not /app2. Name,
// path and tags must all match; tags are names of slugs that a secret must all have, their values say nothing. Where
// several folders have a key, the one nearest to the root gives it, and of equally near ones the first in the order of
// their paths; imported secrets come after all others.
//
// A find in a folder that is not there is an error, and no find that matches nothing: where a recursive list is empty, the
// folder's own list tells.
//
// # What describes a secret
//
// With metadataPolicy Fetch a key stands for a JSON object (description) in place of the value, which is not in it: it can be
// had of a secret whose value is hidden as well. A property is a path into it, and extract has its members.
//
// # Logins
//
// Stores log in by universal auth, JWT, LDAP user, service account, or bring an access token; each identity once, for all of
// its stores. A service account logs in with a token that is requested of the host for each login, with the instance as its
// audience; its Material says who it is, so a new token is no new credential. No file is read, whatever a store names.
//
// # The official SDK
//
// Requests are made by the API functions of github.com/infisical/go-sdk, which know addresses, parameters and shapes.
// They take no context, accept any content type, drop the error's class and several fields, and put whole addresses into
// errors. Each call therefore has a client of its own whose transport (exchange) keeps the call's deadline, refuses
// redirects, caps and checks what comes back, and says in this project's words what went wrong.
package infisical
