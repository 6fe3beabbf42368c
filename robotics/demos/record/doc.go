// Command record plays the suites' experts and writes demonstrations for training a policy.
//
//	record -stream -seed 1                                       records without end, raw pictures
//	record -shards DIR -count 400 -every 4 -size 96 -quality 80  files, pictures as JPEG
//
// Package demos says what a record is. Start reading at main.go.
package main
