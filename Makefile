# Winnow. `make run` starts it, `make test` tests it; both install what is missing.
.PHONY: run test build check golden shots bench icon model draw-model robot-model clean

run: ## open the window, or without a display ask about a sample picture
	@scripts/run.sh

test: ## every test; starts a virtual display where there is none
	@scripts/test.sh

build: ## bin/winnow
	@scripts/setup.sh run
	@scripts/build.sh

check: ## format, vet, staticcheck, layering: seconds
	@scripts/check.sh

golden: ## the reference cases only
	@scripts/test.sh -run '^TestGolden' -v

shots: ## the screenshots in assets/screenshots
	@scripts/shots.sh

bench: ## speed against libllama, and of the methods
	@scripts/bench.sh

icon: ## draw assets/icon.png anew
	go run ./assets/icon assets/icon.png

model: ## train and export the built-in model: make model MINUTES=20 (assets/train/README.md)
	@assets/train/model.sh

draw-model: ## train and export a model that draws: make draw-model MINUTES=20 (assets/train-draw/README.md)
	@assets/train-draw/draw.sh

robot-model: ## train and export the robot policies: make robot-model STEM=6000 STEPS=1500 (assets/train-robot/README.md)
	@assets/train-robot/robot.sh

clean: ## remove what was built and written here; the cache stays
	rm -rf bin out
