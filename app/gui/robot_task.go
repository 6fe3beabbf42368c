package gui

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"winnow/robotics"
	"winnow/robotics/sim"
	"winnow/robotics/sim/suites"
)

// suiteTitles name the suites as people do.
var suiteTitles = map[string]string{"table": "Table", "metaworld": "Meta-World"}

func suiteTitle(name string) string {
	if t, ok := suiteTitles[name]; ok {
		return t
	}
	return name
}

// tableWords are instructions of the table's tasks; {a} and {b} are two of its cubes, {side} left or
// right.
var tableWords = map[string]string{
	"pick-colour": "pick up the {a} cube", "pick-side": "pick up the {side}most cube", "put-bowl": "put the {a} cube in the bowl",
	"put-plate": "put the {a} cube on the plate", "stack": "stack the {a} cube on the {b} cube",
	"beside": "put the {a} cube to the {side} of the {b} cube", "push": "push the {a} cube to the {side}",
	"open-drawer": "open the drawer", "close-drawer": "close the drawer", "press-button": "press the {side} button",
}

// otherTasks are suggested beside the one chosen.
var otherTasks = []string{"push", "open-drawer", "stack"}

// mostSuggested is how many instructions are suggested.
const mostSuggested = 4

// suggestedWords are instructions to try: those of the task, then of others of the suite. In Meta-World,
// whose scenes hold the things of one task, they show what another instruction alone changes.
func suggestedWords(suite, task string) []string {
	var out []string
	add := func(words, a, b, side string) {
		text := strings.NewReplacer("{a}", a, "{b}", b, "{side}", side).Replace(words)
		if text != "" && len(out) < mostSuggested && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if suite != "table" {
		tasks, _ := suites.Tasks(suite) // none of a suite that is not there
		own := max(slices.IndexFunc(tasks, func(t sim.Task) bool { return t.Name == task }), 0)
		for _, t := range append(slices.Clone(tasks[own:]), tasks[:own]...) {
			add(t.Help, "", "", "")
		}
		return out
	}
	add(tableWords[task], "red", "blue", "left")
	add(tableWords[task], "green", "red", "right")
	for _, name := range otherTasks {
		add(tableWords[name], "blue", "yellow", "right")
	}
	return out
}

func (r *robot) openSuiteMenu() {
	var items []*fyne.MenuItem
	for _, name := range suites.Names() {
		item := fyne.NewMenuItem(suiteTitle(name), func() { r.chooseSuite(name) })
		item.Checked = name == r.form.Suite
		items = append(items, item)
	}
	r.w.popUp(r.ui.suite, items)
}

// chooseSuite takes a suite with its first task, unless it has one of the same name.
func (r *robot) chooseSuite(name string) {
	tasks, err := suites.Tasks(name)
	if err != nil || name == r.form.Suite {
		return
	}
	r.edit("", func(f *robotForm) {
		f.Suite = name
		if _, err := robotics.Find(name, f.Task); err != nil {
			f.Task = tasks[0].Name
		}
	})
}

func (r *robot) openTaskMenu() {
	tasks, err := suites.Tasks(r.form.Suite)
	if err != nil {
		return
	}
	var items []*fyne.MenuItem
	for _, t := range tasks {
		item := fyne.NewMenuItem(t.Name+"  ·  "+t.Help, func() { r.chooseTask(t.Name) })
		item.Checked = t.Name == r.form.Task
		items = append(items, item)
	}
	r.w.popUp(r.ui.task, items)
}

func (r *robot) chooseTask(name string) { r.edit("", func(f *robotForm) { f.Task = name }) }

// newScene chooses another seed: the things lie elsewhere, and what is asked for may be another one.
func (r *robot) newScene() {
	r.edit("seed", func(f *robotForm) { f.Seed = uint64(rand.IntN(1_000_000)) })
}

// placeholder is what the task asks for: of the episode shown where it is that one's own, else of the
// task.
func (r *robot) placeholder() string {
	f := r.form
	if e, a := r.now(), r.state().Request.Act; e != nil && a != nil && a.Instruction == "" && (scene{a.Suite, a.Task, a.Seed}) == f.scene() && e.Instruction != "" {
		return e.Instruction
	}
	t, err := robotics.Find(f.Suite, f.Task)
	if err != nil {
		return ""
	}
	return t.Help
}

// showTask writes the task into its controls.
func (r *robot) showTask() {
	u, f := &r.ui, r.form
	if u.suite == nil {
		return // while the window is built
	}
	u.suite.SetText(suiteTitle(f.Suite) + " ▾")
	u.task.SetText(f.Task + " ▾")
	if p := r.placeholder(); u.instruction.PlaceHolder != p {
		u.instruction.SetPlaceHolder(p)
	}
	if v, err := seedOf(u.seed.Text); err != nil || v != f.Seed {
		u.seed.SetText(strconv.FormatUint(f.Seed, 10))
	}
	if v, err := episodesOf(u.episodes.Text); err != nil || v != f.Episodes {
		u.episodes.SetText(strconv.Itoa(f.Episodes))
	}
	if list := suggestedWords(f.Suite, f.Task); !slices.Equal(list, u.suggested) {
		u.suggested = list
		u.suggestions.Objects = nil
		for _, text := range list {
			u.suggestions.Add(newSuggestion(text, func() { r.say(text) }))
		}
		u.suggestions.Refresh()
	}
	r.showSaid()
}

// say puts an instruction into the box, and into the run in progress.
func (r *robot) say(text string) {
	r.ui.instruction.SetText(text)
	r.apply()
}

// said is called at each change of the instruction.
func (r *robot) said(text string) {
	r.form.Instruction = strings.TrimSpace(text)
	r.showSaid()
	r.showButton()
}

// showSaid says what an instruction of one's own means for success.
func (r *robot) showSaid() {
	text := ""
	if r.form.Instruction != "" {
		text = "The policy is told this; whether the task is fulfilled is still told by the task's own instruction."
	}
	if r.ui.saidNote.Text() != text {
		r.ui.saidNote.SetText(text)
		r.ui.column.Refresh()
	}
}
