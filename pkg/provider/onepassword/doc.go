// Package onepassword reads vaults through a 1Password Connect server, with the official SDK.
//
// A Scope is a vault, named as the store's spec names it: by title or by id. Its Picture is the vault's contentVersion and
// the rows of its list of items; a row says which version an item has, not what is in it. The Parts are whole items and the
// contents of files. A steady vault costs one request a poll: contentVersion says that nothing in it changed. Where the
// server's list of vaults has it, the vaults of a store cost one request together; where it is missing, or 0, each costs one
// for itself, and a server that keeps no such counter is asked for its items.
//
// # What a key and a property name
//
// A key is the title of an item, in the first vault of the store that has one, or its id, in any of them. A property is the
// label of a field, "password" where there is none; of a DOCUMENT it is the name of a file, the first where there is none.
// "field/LABEL" and "file/NAME" say which is meant. A label that repeats is told apart as "SECTION/LABEL", where SECTION is
// the label or the id of its section. "LABEL?attribute=otp" is the current code of a one-time password; the field itself is
// the otpauth URI, which changes with the item alone. With metadataPolicy Fetch a property is a member of what describes
// the item: id, title, category, vault, version, tags, urls, createdAt, updatedAt.
//
// An extract takes all fields of an item, and all files of a DOCUMENT; the property "field/" or "file/" takes those of any.
// A find takes fields of all items but DOCUMENTs, since that is what ESO finds at a Connect server, whose lists have no
// files; a regexp that begins with "field/" or "file/" takes fields, or files, of every item. Nothing else is fetched.
//
// # What is gone
//
// An item that no list shows is gone when Connect says so of its id, and no vault that the access token reaches, whether the
// store names it or not, lists its id or an active item of its title. Connect may hide an archived item altogether: such a
// one looks like a deleted one.
package onepassword
