// Package headroom watches how full etcd's database is, and keeps room in the embedded one.
//
// A database of etcd is a file that grows and never shrinks by itself: what compaction frees is written to again, and the
// quota bounds the file, free pages included. An etcd that has reached its quota raises an alarm (NOSPACE) and from then on
// refuses every write that could make it larger, those of the API machinery's compactor too, until somebody has made room and
// taken the alarm back. Nobody does that for the embedded etcd but this package; an external one belongs to its operator, and
// is only looked at.
package headroom
