package trustpolicy

import (
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"
)

// Formats are the values of -o.
func Formats() []string { return []string{"json", "terraform", "cloudformation"} }

// Print writes the policies. As JSON, one role has its policy alone, as `aws iam update-assume-role-policy` takes it; of several, an
// object has each by its ARN.
func Print(out io.Writer, format string, roles []Role) error {
	text, err := render(format, roles)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, text)
	return err
}

func render(format string, roles []Role) (string, error) {
	switch format {
	case "json":
		return renderJSON(roles), nil
	case "terraform":
		return renderTerraform(roles), nil
	case "cloudformation":
		return renderCloudFormation(roles)
	}
	return "", fmt.Errorf("-o is %q: set it to %s", format, strings.Join(Formats(), ", "))
}

func renderJSON(roles []Role) string {
	if len(roles) == 1 {
		return roles[0].Policy.String()
	}
	all := map[string]Policy{}
	for _, role := range roles {
		all[role.ARN] = role.Policy
	}
	return indented(all)
}

// renderTerraform uses that an expression of HCL may be written as JSON, but for templates in its texts, which are escaped.
func renderTerraform(roles []Role) string {
	var blocks []string
	unique := names{}
	for _, role := range roles {
		path, name := pathAndName(role.ARN)
		lines := []string{
			"# " + role.ARN,
			fmt.Sprintf("resource \"aws_iam_role\" %q {", unique.of(hclName(name))),
			fmt.Sprintf("  name = %q", name),
		}
		if path != "/" {
			lines = append(lines, fmt.Sprintf("  path = %q", path))
		}
		blocks = append(blocks, strings.Join(append(lines, "  assume_role_policy = jsonencode("+hcl(role.Policy)+")", "}"), "\n"))
	}
	return strings.Join(blocks, "\n\n")
}

// hcl is the policy as an expression, in the format of `terraform fmt`.
func hcl(policy Policy) string {
	lines := strings.Split(strings.NewReplacer("${", "$${", "%{", "%%{").Replace(policy.String()), "\n")
	for i := range lines {
		lines[i] = strings.Replace(lines[i], `": `, `" : `, 1) // behind the key
	}
	return strings.Join(lines, "\n  ")
}

func renderCloudFormation(roles []Role) (string, error) {
	type properties struct {
		RoleName                 string
		Path                     string
		AssumeRolePolicyDocument Policy
	}
	type resource struct {
		Type       string
		Properties properties
	}
	resources := map[string]resource{}
	unique := names{}
	for _, role := range roles {
		path, name := pathAndName(role.ARN)
		resources[unique.of(logicalID(name))] = resource{"AWS::IAM::Role", properties{name, path, role.Policy}}
	}
	text, err := yaml.Marshal(map[string]any{"Resources": resources})
	if err != nil {
		return "", fmt.Errorf("write the template: %w", err)
	}
	return strings.TrimSuffix(string(text), "\n"), nil
}

// pathAndName are those of arn:aws:iam::ACCOUNT:role/PATH/NAME.
func pathAndName(role string) (path, name string) {
	_, resource, _ := strings.Cut(role, ":role")
	i := strings.LastIndex(resource, "/")
	return resource[:i+1], resource[i+1:]
}

// hclName has what a name in HCL may have: it begins with a letter or _.
func hclName(name string) string {
	name = strings.Map(func(r rune) rune {
		if isLetterOrDigit(r) || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, name)
	if first := rune(name[0]); !isLetterOrDigit(first) || first <= '9' {
		name = "_" + name
	}
	return name
}

// logicalID has what a logical ID of CloudFormation may have: letters and digits.
func logicalID(name string) string {
	return "Role" + strings.Map(func(r rune) rune {
		if isLetterOrDigit(r) {
			return r
		}
		return -1
	}, name)
}

func isLetterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// names numbers those that two roles would share.
type names map[string]int

func (n names) of(name string) string {
	n[name]++
	if n[name] == 1 {
		return name
	}
	return n.of(fmt.Sprint(name, "X", n[name]))
}
