package pruning

// Halves runs do over the two halves of n rows, at once where there are enough of them, and
// returns when both are done. It is how a method that looks at every activation of a large layer
// uses two cores, and the pipeline that carries its decision out: methods start no goroutines of
// their own. half is 0 or 1.
func Halves(n int, do func(half, from, to int)) {
	const worthIt = 64 // rows
	if n < worthIt {
		do(0, 0, n)
		return
	}
	second := make(chan struct{})
	go func() {
		defer close(second)
		do(1, n/2, n)
	}()
	do(0, 0, n/2)
	<-second
}
