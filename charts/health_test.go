package charts_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	lua "github.com/yuin/gopher-lua"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// health is what tools make of an association whose webhook has seen this version of it.
type health struct {
	conditions []metav1.Condition
	// observed is the version that the webhook has seen, of two.
	observed int64
	// argo is what health.lua says, and flux is what kstatus says, by which Flux and Helm wait.
	argo string
	flux status.Status
}

func condition(kind, reason string, is metav1.ConditionStatus) metav1.Condition {
	return metav1.Condition{Type: kind, Status: is, Reason: reason, Message: "why"}
}

func ready(reason string, is metav1.ConditionStatus) metav1.Condition {
	return condition(v1alpha1.ConditionReady, reason, is)
}

func healths() map[string]health {
	inEffect := ready(v1alpha1.ReasonInEffect, metav1.ConditionTrue)
	apart := condition(v1alpha1.ConditionConflicted, v1alpha1.ReasonNoConflict, metav1.ConditionFalse)
	session := func(reason string, is metav1.ConditionStatus) metav1.Condition {
		return condition(v1alpha1.ConditionSessionVerified, reason, is)
	}
	return map[string]health{
		"one that the webhook has not seen": {nil, 0, "Progressing the webhook has not seen this version of it yet", status.CurrentStatus},
		"one that was edited":               {[]metav1.Condition{inEffect}, 1, "Progressing the webhook has not seen this version of it yet", status.InProgressStatus},
		"one in effect, by a service": {
			[]metav1.Condition{inEffect, apart, session(v1alpha1.ReasonVerifiedByService, metav1.ConditionTrue)}, 2, "Healthy", status.CurrentStatus,
		},
		"one in effect, without tags": {
			[]metav1.Condition{inEffect, apart, session(v1alpha1.ReasonNothingToVerify, metav1.ConditionTrue)}, 2, "Healthy", status.CurrentStatus,
		},
		"one in effect, whose tags are the pod's word": {
			[]metav1.Condition{inEffect, apart, session(v1alpha1.ReasonTagsUnverified, metav1.ConditionFalse)}, 2, "Healthy TagsUnverified: why", status.CurrentStatus,
		},
		"one in effect, whose policy is the pod's word": {
			[]metav1.Condition{inEffect, apart, session(v1alpha1.ReasonPolicyUnverified, metav1.ConditionFalse)}, 2, "Healthy PolicyUnverified: why", status.CurrentStatus,
		},
		"one in effect, whose source identity is the pod's word": {
			[]metav1.Condition{inEffect, apart, session(v1alpha1.ReasonSourceIdentityUnverified, metav1.ConditionFalse)}, 2, "Healthy SourceIdentityUnverified: why", status.CurrentStatus,
		},
		"one in effect, whose labels nothing sends": {
			[]metav1.Condition{inEffect, apart, session(v1alpha1.ReasonNotSent, metav1.ConditionFalse)}, 2, "Healthy NotSent: why", status.CurrentStatus,
		},
		"one that is not the first": {
			[]metav1.Condition{ready(v1alpha1.ReasonConflicted, metav1.ConditionFalse), condition(v1alpha1.ConditionConflicted, v1alpha1.ReasonConflicted, metav1.ConditionTrue)},
			2, "Degraded Conflicted: why", status.InProgressStatus,
		},
		"one that cannot be used": {[]metav1.Condition{ready(v1alpha1.ReasonUnusable, metav1.ConditionFalse), apart}, 2, "Degraded Unusable: why", status.InProgressStatus},
		"one whose pods wait":     {[]metav1.Condition{ready(v1alpha1.ReasonNoCredentials, metav1.ConditionFalse), apart}, 2, "Degraded NoCredentials: why", status.InProgressStatus},
		"one whose pods get no new ones": {
			[]metav1.Condition{ready(v1alpha1.ReasonNoNewCredentials, metav1.ConditionFalse), apart}, 2, "Degraded NoNewCredentials: why", status.InProgressStatus,
		},
	}
}

func association(t *testing.T, h health) object {
	t.Helper()
	return throughJSON(t, object{
		"apiVersion": v1alpha1.GroupVersion().String(), "kind": "PodIdentityAssociation", "metadata": object{"name": "reader", "generation": 2},
		"status": object{"observedGeneration": h.observed, "conditions": h.conditions},
	}).(object)
}

func TestHealthOfAnAssociationForArgoCD(t *testing.T) {
	for name, h := range healths() {
		state := lua.NewState()
		state.SetGlobal("obj", toLua(state, association(t, h)))
		if err := state.DoFile(filepath.Join("argocd", "health.lua")); err != nil {
			t.Fatal(err)
		}
		answer := state.CheckTable(-1)
		if got := strings.TrimSpace(answer.RawGetString("status").String() + " " + answer.RawGetString("message").String()); got != h.argo {
			t.Errorf("%s is %q, want %q", name, got, h.argo)
		}
		state.Close()
	}
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case object:
		table := state.NewTable()
		for key, each := range value {
			table.RawSetString(key, toLua(state, each))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, each := range value {
			table.Append(toLua(state, each))
		}
		return table
	case string:
		return lua.LString(value)
	case float64:
		return lua.LNumber(value)
	}
	return lua.LNil
}

func TestHealthOfAnAssociationForFluxAndHelm(t *testing.T) {
	for name, h := range healths() {
		text, err := json.Marshal(association(t, h))
		if err != nil {
			t.Fatal(err)
		}
		var parsed unstructured.Unstructured
		if err := parsed.UnmarshalJSON(text); err != nil {
			t.Fatal(err)
		}
		if h.conditions == nil {
			delete(parsed.Object, "status")
		}
		result, err := status.Compute(&parsed)
		if err != nil || result.Status != h.flux {
			t.Errorf("%s is %v, want %s: %v", name, result, h.flux, err)
		}
	}
}

func TestTheHealthOfEachReasonIsKnown(t *testing.T) {
	tested := map[string]bool{}
	for _, h := range healths() {
		for _, c := range h.conditions {
			tested[c.Type], tested[c.Reason] = true, true
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "api", "v1alpha1", "podidentityassociation_types.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	ast.Inspect(file, func(node ast.Node) bool {
		constant, ok := node.(*ast.ValueSpec)
		if !ok || len(constant.Values) != 1 {
			return true
		}
		name, value := constant.Names[0].Name, constant.Values[0].(*ast.BasicLit).Value
		if strings.HasPrefix(name, "Reason") || strings.HasPrefix(name, "Condition") {
			names++
			if !tested[strings.Trim(value, `"`)] {
				t.Errorf("no case has %s", name)
			}
		}
		return true
	})
	if names == 0 {
		t.Error("there are no reasons")
	}
}
