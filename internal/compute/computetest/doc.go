// Package computetest serves the tests of networks: backends that may not be installed, tensors made
// up in memory, and how far two results lie apart.
package computetest
