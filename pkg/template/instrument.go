package template

import (
	"strconv"
	"text/template/parse"
)

// instrument makes the tree pay for what it does: a step node at the head of every range body and of the template itself,
// worth the nodes that it stands before; nodes that count the depth of templates that call templates; and a last command on
// every pipeline that prints, so that nothing reaches the output unweighed.
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
	for _, n := range l.Nodes {
		cost += p.node(n)
	}
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
	for _, c := range pipe.Cmds {
		for _, arg := range c.Args {
			cost += p.argument(arg)
		}
	}
	return cost
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
