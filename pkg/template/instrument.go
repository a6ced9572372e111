package template

import (
	"fmt"
	"slices"
	"strconv"
	"text/template/parse"
)

// instrument makes the tree pay for what it does: a step node at the head of every range body and of the template itself,
// worth the nodes that it stands before; one before every node that compares, since comparing long texts takes time that no
// step counts; nodes that count the depth of templates that call templates; a command after every method that is called with
// arguments; and a last command on every pipeline that prints, so that nothing reaches the output unweighed.
func (p *program) instrument(tree *parse.Tree) {
	if tree.Root == nil {
		tree.Root = &parse.ListNode{NodeType: parse.NodeList}
	}
	cost := p.list(tree.Root)
	prepend(tree.Root, stepNode(cost))
	prepend(tree.Root, callNode(enterFunction))
	tree.Root.Nodes = append(tree.Root.Nodes, callNode(leaveFunction))
}

// list instruments what is below l and counts its nodes, without those of range bodies, which count themselves.
func (p *program) list(l *parse.ListNode) int64 {
	if l == nil {
		return 0
	}
	cost := int64(1)
	nodes := make([]parse.Node, 0, len(l.Nodes))
	for _, n := range l.Nodes {
		p.compares = false
		cost += p.node(n)
		if p.compares {
			nodes = append(nodes, stepNode(1))
		}
		nodes = append(nodes, n)
	}
	l.Nodes = nodes
	return cost
}

func (p *program) node(n parse.Node) int64 {
	switch n := n.(type) {
	case *parse.ActionNode:
		cost := p.pipe(n.Pipe)
		if len(n.Pipe.Decl) == 0 {
			n.Pipe.Cmds = append(n.Pipe.Cmds, command(printFunction))
		}
		return cost
	case *parse.IfNode:
		return p.branch(&n.BranchNode)
	case *parse.WithNode:
		return p.branch(&n.BranchNode)
	case *parse.RangeNode:
		cost := p.pipe(n.Pipe) + p.list(n.ElseList)
		n.Pipe.Cmds = append(n.Pipe.Cmds, command(rangeFunction))
		// An iteration costs something where its body is empty, too.
		const iteration = 9
		prepend(n.List, stepNode(p.list(n.List)+iteration))
		return cost
	case *parse.TemplateNode:
		return p.pipe(n.Pipe)
	default:
		return 1
	}
}

func (p *program) branch(n *parse.BranchNode) int64 {
	return p.pipe(n.Pipe) + p.list(n.List) + p.list(n.ElseList)
}

// pipe notes the functions and fields that a pipeline names and counts its nodes.
func (p *program) pipe(pipe *parse.PipeNode) int64 {
	if pipe == nil {
		return 1
	}
	cost := int64(1)
	cmds := make([]*parse.CommandNode, 0, len(pipe.Cmds))
	for i, c := range pipe.Cmds {
		for _, arg := range c.Args {
			cost += p.argument(arg)
		}
		p.compare(c)
		cmds = append(cmds, c)
		if (i > 0 || len(c.Args) > 1) && isMethod(c.Args[0]) {
			cmds = append(cmds, command(madeFunction))
		}
	}
	pipe.Cmds = cmds
	return cost
}

// compare notes a comparison, of which the language has some that work through texts, and refuses one of too many.
func (p *program) compare(c *parse.CommandNode) {
	name, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok || !slices.Contains([]string{"eq", "ne", "lt", "le", "gt", "ge", "index"}, name.Ident) {
		return
	}
	p.compares = true
	const most = 64
	if len(c.Args) > most {
		p.failure = &Error{Function: name.Ident, Class: ParseFailed, Detail: fmt.Sprintf("it has more than %d arguments", most)}
	}
}

// isMethod tells whether n, called with arguments, can be nothing but a method.
func isMethod(n parse.Node) bool {
	switch n.(type) {
	case *parse.FieldNode, *parse.VariableNode, *parse.ChainNode:
		return true
	}
	return false
}

func (p *program) argument(n parse.Node) int64 {
	switch n := n.(type) {
	case *parse.IdentifierNode:
		p.functions[n.Ident] = true
	case *parse.FieldNode:
		p.name(n.Ident)
	case *parse.VariableNode:
		p.name(n.Ident[1:])
	case *parse.ChainNode:
		p.name(n.Field)
		return 1 + p.argument(n.Node)
	case *parse.PipeNode:
		return 1 + p.pipe(n)
	}
	return 1
}

func (p *program) name(fields []string) {
	for _, f := range fields {
		p.fields[f] = true
	}
}

func prepend(l *parse.ListNode, n parse.Node) {
	l.Nodes = append([]parse.Node{n}, l.Nodes...)
}

func command(function string, args ...parse.Node) *parse.CommandNode {
	name := parse.NewIdentifier(function).SetTree(nil)
	return &parse.CommandNode{NodeType: parse.NodeCommand, Args: append([]parse.Node{name}, args...)}
}

func callNode(function string, args ...parse.Node) parse.Node {
	pipe := &parse.PipeNode{NodeType: parse.NodePipe, Cmds: []*parse.CommandNode{command(function, args...)}}
	return &parse.ActionNode{NodeType: parse.NodeAction, Pipe: pipe}
}

func stepNode(cost int64) parse.Node {
	number := &parse.NumberNode{NodeType: parse.NodeNumber, IsInt: true, Int64: cost, Text: strconv.FormatInt(cost, 10)}
	return callNode(stepFunction, number)
}
