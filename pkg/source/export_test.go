package source

// IsSifting tells whether wants are being compared with what they came to before.
func (src *Source) IsSifting() bool {
	src.mu.Lock()
	defer src.mu.Unlock()
	return src.sifting.running
}
