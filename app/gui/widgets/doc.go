// Package widgets holds what Winnow's window is made of. A widget gets values and callbacks,
// never an engine, and does no arithmetic of models:
//
//	trace ─▶ the window's state ─▶ Set… ─▶ widget ─▶ On… ─▶ the window
//
//	PictureView   the picture, the model's crop, the grid, what was kept of it
//	Timeline      a block a layer, its height what was kept there; scrub and play
//	AnswerCard    a streaming answer, the words marked that differ from the other one
//	SavingsPanel  one savings bar, then a bar a quantity; measured and counted told apart
//	CurveView     sorted scores, the chord, the elbow
//	NeuronStrip   layers × neurons, the core set lit
//	MethodCard    a pruning method and the controls that its parameters declare
//
// and the small ones: Segmented, Slider, Button, TagLabel, MonoLabel, SectionTitle, Panel,
// StatusBar, Banner. Read small.go and then picture.go.
//
// Rules that hold for all of them
//   - Setters are called on Fyne's thread; nothing here calls fyne.Do.
//   - Data may shrink between two calls: every draw reads lengths afresh and ignores what does
//     not fit, so a stale mask or hover never panics.
//   - Colours come from the widget's theme by name (app/gui/theme), so both palettes work.
//   - Refreshing a whole widget makes Fyne upload all its textures again. Setters that are
//     called while a model runs refresh only the objects they changed.
package widgets
