// Package eval asks a model questions whose answers are known, with all visual tokens and with few.
//
//	Source ─▶ Scene: picture, objects, questions ─▶ every side answers ─▶ Done ─▶ Report
//	painted.go (scenes made by code)      run.go, greedy, in full     resume.go    report.go
//	photos.go (a folder in COCO's form)
//
// A side is dense, a stack of methods, or random with the share of tokens (or of the cache) that a
// stack had on the same question. All sides share the picture's encoding and the prompt.
//
// What is counted (score.go):
//
//   - Existence, as POPE (Li et al., EMNLP 2023) asks: half Yes, half No, and the things that are
//     not there are random, popular, or such as go together with what is there (adversarial).
//   - Captions, as CHAIR (Rohrbach et al., EMNLP 2018) reads them: CHAIR_i is the share of the
//     mentioned objects that are not there, CHAIR_s that of the captions with such an object.
//   - Place, thing, colour, number and relation: the answer's words, without case, article and stop.
//
// Scenes are the independent unit, questions of one scene are not: intervals resample scenes, and
// the sign test counts them (interval.go). The report is a pure function of what was answered, so a
// run that was cut off and resumed reports the same. Nothing here prints. Start reading at run.go.
package eval
