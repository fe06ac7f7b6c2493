// Package scanlog keeps every scan: a Redis Stream takes it before the scan is answered, and consumers carry it into the
// database in batches. With Redis away or full it goes straight into the database; with both away it is refused.
//
// Its promise: a scan that was confirmed becomes one row, however often it is delivered. Its one rule: an entry leaves the
// stream only after the database has its row, or after it was set aside where it can be seen; the stream is never trimmed.
//
// A crash of Redis can take what it had confirmed and not yet given to a consumer: with "appendonly no" everything since
// its last snapshot, with "appendfsync everysec" about the last second (two at the worst), with "appendfsync always"
// nothing on that machine. A failover takes what the replica had not received yet, whatever is on disk.
package scanlog
