package headroom

import "time"

// Usage is how full the database of a member is.
type Usage struct {
	// Name tells the member from others.
	Name string
	// Size is the file's in bytes, InUse what of it is not free, Quota what Size may grow to; 0 where the member does not say.
	Size, InUse, Quota int64
	// Full is set while the member refuses to grow, for the alarm of whichever member of its cluster.
	Full bool
	// Revision is the latest.
	Revision int64
}

const (
	// much is how much of the file has to be free before it is written anew: less is not worth that reads and writes wait
	// for it, since etcd will write to the free pages anyway. It is at least half of the file, so that no more is copied than
	// is won.
	much = 64 << 20
	// rest is how long the database is let be after that.
	rest = time.Hour
	// urgentRest holds near the quota, where free pages count as if they were full.
	urgentRest = 10 * time.Minute
	// fullRest holds while the member refuses to write.
	fullRest = 20 * time.Second
)

// isNearQuota tells whether four fifths of what the file may grow to are used up.
func (u Usage) isNearQuota() bool { return u.Quota > 0 && u.Size >= u.Quota/5*4 }

// fits tells whether a file of so many bytes leaves room to write: a tenth of the quota. With less, the alarm would be back at
// once.
func (u Usage) fits(bytes int64) bool { return bytes < u.Quota/10*9 }

// isWasteful tells whether the file is to be written anew, the last time having been so long ago.
func (u Usage) isWasteful(ago time.Duration) bool {
	free := u.Size - u.InUse
	if u.isNearQuota() && free >= u.Size/4 {
		return ago >= urgentRest
	}
	return free >= much && free >= u.Size/2 && ago >= rest
}
