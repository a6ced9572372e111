// Package source decides when a provider is asked.
//
// A Source stands for one store and one credential. It holds a picture of each scope (a vault, a folder) that somebody
// needs, and the parts (items) that its pictures name. What a caller gets is dated by when the revalidation that it rests
// on began, so "began at or after the request came" is what "live" means.
//
// # Freshness
//
// A revalidation belongs to its Source: it has a deadline of its own, and callers that go away cancel nothing. A scope has
// at most one revalidation in flight and one that follows it. A caller that finds one in flight that began too early for
// it waits for the one that follows; a hundred such callers wait for the same one.
//
// A failure answers everybody that waits for it and is remembered for one poll interval, in which no caller causes another
// request. That a key is absent is not a failure and never remembered. A revalidation that misses its deadline, or a
// refused credential, opens the Source's breaker: nobody waits until a probe succeeded, of which there is at most one per
// poll interval.
//
// # Changes
//
// Each new picture is sifted: what every want comes to, from pictures alone, is compared with what it came to before, and the
// owners of those that differ are named in a Change. That happens beside everything else, one sift at a time, with no lock
// held while needs are looked up. Whoever wants something and was answered hears when a later picture gives another answer.
//
// # Polls
//
// The leader revalidates every scope that owners want once per poll interval, whatever their number. Where a provider can
// tell of all scopes of a store in one request (provider.Surveyor), whichever is due takes all of them along; a picture is
// then dated by when that request began, and those that changed are read on without asking again. Every tenth poll forgoes
// what is indirect. Where one wider scope shows what many narrow ones do (provider.Widener), it takes their place, after it
// was read once and shown to have all that they have.
//
// Where a provider tells of changes (provider.Streamer), the leader listens, with one stream for all stores that can share
// it. A change makes the scopes that it touches due at once, and so does the opening of a stream. Polls go on as if there
// were none: a stream may lose events, and nobody could tell. At most one attempt at a stream is made in a minute.
//
// # Locks
//
// Sources.mu guards the table of Sources and of owners, Source.mu all that a Source holds, scopes, parts, flights and
// wants included. Sources.mu is taken before Source.mu, never after it. notifier.mu, site.mu, namespaces.mu, seats.mu and
// Sources.life are leaves: nothing is locked under them. No method of provider.Client, no subscriber, no callback and no metric is called with any
// lock held; what must follow a change of state is put into Source.after and runs when Source.unlock has let go. Methods
// whose name ends in Locked want Source.mu held.
//
// # Time
//
// Times come from the time package and carry its monotonic reading. Tests run in a testing/synctest bubble instead of
// replacing the clock, which covers deadlines of contexts and rate limiters as well.
package source
