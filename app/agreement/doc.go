// Package agreement says how far a pruned model's next-token distribution is from the dense one.
//
// Two answers that differ in their second word cannot be compared word by word from there on. So
// one answer, the dense one, is followed: both models are given its tokens, and at each of them
// say what they would have chosen:
//
//	answer     A      black  cat    .
//	dense      p₀     p₁     p₂     p₃      next-token distributions
//	pruned     q₀     q₁     q₂     q₃
//	KL         Σ p·ln(p/q), in nats; the mean over the tokens
//	top-1      the share of the tokens at which both put the same one first
//
// KL 0 and top-1 1 are the dense model. Sums are in float64.
//
// A method may rule tokens out (probability zero); KL would then be infinite, and the mean say
// nothing of the rest. Such a token counts as if it had the probability Floor.
package agreement
