// Package routing makes the methods that act on robot policies. The policies know no method by name,
// and a method knows no checkpoint; here the two meet:
//
//	Spec, policy.Config ──▶ Method ──▶ robotics.NetworkOptions
//
// Start reading at routing.go, which is all of it.
package routing
