//go:build !cgo || nogui

package main

import "winnow/app/cli"

func window(cli.Window) error { return cli.ErrNoWindow }
