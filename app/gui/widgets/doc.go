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
// those that show what one method has of its own:
//
//	RatioBars      a bar a layer, its height the share kept there
//	KVStrip        a row a layer, what its cache entries are stored in
//	MatchStrip     a row a layer, how core and active neurons overlap
//	WordTable      the candidates for each word before and after contrast
//	StepScrubber   the words of an answer; scrub and play
//	TradeoffCurve  quality against cost, a point a value of a parameter
//
// those of a drawing:
//
//	StepStrip       a mark a denoising step, how it was made; scrub and play
//	CriterionCurve  what a method went by, step by step, in the same columns
//	Wipe            two pictures in one place, a divider between them
//	Enlarged        a small picture large and smooth, tokens over it
//	TokenGrid       which tokens a step computed
//
// those of a robot:
//
//	Camera        a picture, a heat-map over what the policy saw of it
//	RoutingGrid   a line a layer, which visual rows it computed
//	LookGrid      what each aggregation token looks at
//	MaskGrid      who may attend to whom
//	ActionCurves  a chunk of actions, lines and dots
//	EpisodeStrip  a tick a step, longer where the policy looked; scrub and play
//
// those of a comparison:
//
//	CompareTable   metrics of several sides beside each other
//	SideBadge      a side's name and colour, theme.Side
//	Legend         what colours mean; OverlapItems are those of the overlap view
//
// and the small ones: Segmented (NewTabs for a row of tabs), Slider, Button, TagLabel, MonoLabel,
// SectionTitle, Panel, StatusBar, Banner. Read small.go and then picture.go; a plot of one thing a
// layer is a plotter in a chart: chart.go and ratiobars.go.
//
// Rules that hold for all of them
//   - Setters are called on Fyne's thread; nothing here calls fyne.Do.
//   - Data may shrink between two calls: every draw reads lengths afresh and ignores what does
//     not fit, so a stale mask or hover never panics.
//   - Colours come from the widget's theme by name (app/gui/theme), so both palettes work.
//   - Refreshing a whole widget makes Fyne upload all its textures again. Setters that are
//     called while a model runs refresh only the objects they changed.
package widgets
