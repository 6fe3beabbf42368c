// Package memory tells how much memory this process took at most, in bytes, by the system's own
// account.
package memory
