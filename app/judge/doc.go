// Package judge says which of the things that a prompt asks for a picture shows: it lets the built-in
// VLM look.
//
//	prompt ─▶ Facts: is it there, where, of which colour ─▶ Look(picture) ─▶ the same, answered
//	                                                                         │
//	                                        "apple, dog · both" ◀─ Sum ◀─────┘
//
// facts.go reads a prompt, in the wordings that the built-in model that draws was trained on
// (assets/train-draw/captions.py); what is in none of them asks for nothing. judge.go puts the
// questions; says.go sums the answers up in words. The judge knows the painter's sixty things only, and
// may be wrong: `winnow bench draw` measures how much it sees of painted scenes.
package judge
