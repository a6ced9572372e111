package logs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// loggers are the expressions that lines are logged with.
var loggers = regexp.MustCompile(`(^|\.)(Logger|log|klog|klog\.FromContext\(ctx\))$`)

// bound are the keys that a logger adds to all of its lines: that of a Source, to which its client belongs.
var bound = regexp.MustCompile(`(\bclient|^c)\.log$`)

// levels are those that methods log at, by the names of klog.
var levels = map[string]string{
	"Debug": "4", "Info": "0", "InfoS": "0", "Warn": "warning", "Error": "error", "ErrorS": "error",
}

// others are methods that the program does not log with: there is one way.
var others = []string{"DebugContext", "InfoContext", "WarnContext", "ErrorContext", "Log", "LogAttrs"}

func isLogger(expression string) bool {
	return loggers.MatchString(expression)
}

// logged are all lines that the program may log, as rows of the document, by where they are.
func logged(t *testing.T) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for _, dir := range []string{"pkg", "cmd"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				strings.Contains(path, "/generated/") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, isCall := n.(*ast.CallExpr)
				if !isCall {
					return true
				}
				if row, isLine := lineOf(t, files, call); isLine {
					rows[files.Position(call.Pos()).String()] = row
				}
				return true
			})
			return nil
		}))
	}
	return rows
}

// lineOf is the row of a call that logs.
func lineOf(t *testing.T, files *token.FileSet, call *ast.CallExpr) (row string, isLine bool) {
	t.Helper()
	method, isMethod := call.Fun.(*ast.SelectorExpr)
	if !isMethod {
		return "", false
	}
	logger, level := types.ExprString(method.X), levels[method.Sel.Name]
	if isLogger(logger) {
		require.NotContains(t, others, method.Sel.Name, "%s", files.Position(call.Pos()))
	}
	if level == "" || !isLogger(logger) {
		return "", false
	}
	at := files.Position(call.Pos())
	args := call.Args
	var keys []string
	if bound.MatchString(logger) {
		keys = append(keys, "store")
	}
	if _, isText := text(args[0]); !isText {
		// klog takes the error first, and calls it err.
		keys, args = append(keys, "err"), args[1:]
	}
	message, isText := text(args[0])
	require.True(t, isText, "%s: the message is a literal", at)
	require.Zero(t, len(args[1:])%2, "%s: keys and values come in pairs", at)
	for i := 1; i < len(args); i += 2 {
		key, isText := text(args[i])
		require.True(t, isText, "%s: a key is a literal", at)
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return fmt.Sprintf("%s | %s | %s", message, level, strings.Join(keys, " ")), true
}

func text(e ast.Expr) (string, bool) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(literal.Value)
	return s, err == nil
}
