// Renders the templates of a Helm chart with Go's own template engine, which is Helm's, and with those of Helm's functions
// that the chart uses. The values come from standard input as JSON. Run by tests/deploy/chart.py: Helm itself is not in
// Debian, and its engine takes minutes to compile.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(value any) int {
	parsed, err := strconv.Atoi(fmt.Sprint(value))
	check(err)
	return parsed
}

func main() {
	var values any
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	check(decoder.Decode(&values))

	chart := template.New("chart").Option("missingkey=error")
	chart.Funcs(template.FuncMap{
		"add":      func(a, b any) int { return number(a) + number(b) },
		"quote":    func(value any) string { return strconv.Quote(fmt.Sprint(value)) },
		"toString": func(value any) string { return fmt.Sprint(value) },
		"dict": func(pairs ...any) map[string]any {
			made := map[string]any{}
			for i := 0; i+1 < len(pairs); i += 2 {
				made[fmt.Sprint(pairs[i])] = pairs[i+1]
			}
			return made
		},
		"toJson": func(value any) (string, error) {
			text, err := json.Marshal(value)
			return string(text), err
		},
		"include": func(name string, data any) (string, error) {
			var text strings.Builder
			err := chart.ExecuteTemplate(&text, name, data)
			return text.String(), err
		},
	})
	files, err := filepath.Glob(filepath.Join(os.Args[1], "templates", "*"))
	check(err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		_, err = chart.New(filepath.Base(file)).Parse(string(text))
		check(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".yaml") {
			fmt.Println("---")
			check(chart.ExecuteTemplate(os.Stdout, filepath.Base(file), values))
		}
	}
}
