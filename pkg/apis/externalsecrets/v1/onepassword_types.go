package v1

// OnePasswordProvider reads vaults through a 1Password Connect server.
type OnePasswordProvider struct {
	Auth *OnePasswordAuth `json:"auth"`
	// ConnectHost is the URL of the Connect server. The certificate of one with https is checked against the roots of the
	// system that this API server runs on, for which SSL_CERT_FILE and SSL_CERT_DIR in its environment may stand.
	ConnectHost string `json:"connectHost"`
	// Vaults maps the title or id of each vault to its place in the order of look-up, lowest first.
	Vaults map[string]int64 `json:"vaults"`
}

// OnePasswordAuth says how to authenticate to Connect.
type OnePasswordAuth struct {
	SecretRef *OnePasswordAuthSecretRef `json:"secretRef"`
}

// OnePasswordAuthSecretRef names the Secret that holds the Connect token.
type OnePasswordAuthSecretRef struct {
	ConnectTokenSecretRef SecretKeySelector `json:"connectTokenSecretRef"`
}
