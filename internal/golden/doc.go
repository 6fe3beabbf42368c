// Package golden finds the reference cases of tests: those in testdata, and further ones where
// the environment names a folder.
//
//	testdata/*.json          + $WINNOW_GOLDEN/SYSTEM/*.json                       Each
//	testdata/FOLDER/cases/*  + $WINNOW_GOLDEN_HF[/diffusion/models]/FOLDER/cases  HF
package golden
