// Package scanlog keeps every scan: a Redis Stream takes it before the scan is answered, and consumers carry it into the
// database in batches. With Redis away or full it goes straight into the database; with both away it is refused.
//
// An entry that cannot become a row is set aside in a stream of dead letters: see Letters, Recall and Forget.
//
// Its promise: a scan that was confirmed becomes one row, however often it is delivered. Its one rule: an entry leaves the
// stream only after the database has its row, or after it was set aside where it can be seen; the stream is never trimmed.
//
// A crash of Redis can take scans that it had confirmed and that were not carried yet: with "appendonly no" all since its
// last snapshot, with "appendfsync everysec" those of the last second (two at the worst), with "appendfsync always" none.
// A failover takes those that the replica had not received, whatever is on disk.
package scanlog
