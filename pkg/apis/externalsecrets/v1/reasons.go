package v1

// Reasons of the Ready condition of an ExternalSecret, in the words of External Secrets Operator. What each asks of people
// is in docs/operations/troubleshooting.md, which has a row for each constant of this file.
const (
	// ReasonSecretSynced (Ready=True): the Secret stands as the spec says, or is left as it is by deletionPolicy; the message
	// tells which.
	ReasonSecretSynced = "SecretSynced"
	// ReasonSecretDeleted (Ready=True): every key is positively gone, and deletionPolicy Delete has had the Secret deleted.
	ReasonSecretDeleted = "SecretDeleted"
	// ReasonSecretMissing (Ready=True): creationPolicy Merge waits for somebody to create the Secret.
	ReasonSecretMissing = "SecretMissing"
	// ReasonSecretSyncedError (Ready=False): the attempt failed; the message goes on with the cause.
	ReasonSecretSyncedError = "SecretSyncedError"
)

// The same of an ExternalSecret whose target is no Secret (spec.target.manifest).
const (
	// ReasonResourceSynced is ReasonSecretSynced of another kind of target.
	ReasonResourceSynced = "ResourceSynced"
	// ReasonResourceDeleted is ReasonSecretDeleted of another kind of target.
	ReasonResourceDeleted = "ResourceDeleted"
	// ReasonResourceMissing is ReasonSecretMissing of another kind of target.
	ReasonResourceMissing = "ResourceMissing"
	// ReasonResourceSyncedError is ReasonSecretSyncedError of another kind of target.
	ReasonResourceSyncedError = "ResourceSyncedError"
)

// Reasons of the Ready condition of a SecretStore or ClusterSecretStore, and of the events about it.
const (
	// ReasonStoreValid (Ready=True): the provider accepted the store's credential and showed what the store names.
	ReasonStoreValid = "Valid"
	// ReasonInvalidProviderConfig (Ready=False): the store cannot be used; the message goes on with the cause.
	ReasonInvalidProviderConfig = "InvalidProviderConfig"
)

// Reasons of events about an ExternalSecret.
const (
	// EventCreated (Normal): the target was created.
	EventCreated = "Created"
	// EventUpdated (Normal): the target was changed.
	EventUpdated = "Updated"
	// EventDeleted (Normal): the target was deleted, by deletionPolicy Delete or because another took its place.
	EventDeleted = "Deleted"
	// EventUpdateFailed (Warning): an attempt failed in a way that was not told before; the message is the condition's.
	EventUpdateFailed = "UpdateFailed"
	// EventMissingProviderSecret (Normal): a remote key is positively gone; deletionPolicy says what that removes.
	EventMissingProviderSecret = "MissingProviderSecret"
)
