// Package suites lists the simulated tasks of all suites and opens them by name. It is the one
// place that knows the suites by name.
//
// Start reading at suites.go.
package suites
