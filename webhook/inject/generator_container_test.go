package inject_test

import (
	"fmt"

	"github.com/podidentity/podidentity/contract"
)

func (g generator) container(name string) any {
	special := map[string]string{"i0": "istio-init", "i1": "istio-proxy", "i2": contract.ContainerName, "c2": contract.ContainerName}
	if other, found := special[name]; found && g.oneIn(6) {
		name = other
	}
	c := g.withUnknownField(object{"name": name, "image": "image"})
	if name == contract.ContainerName && g.oneIn(2) {
		return g.sidecar(c)
	}
	g.sometimes(c, 2, "env", func() any { return g.list(4, g.variable) })
	g.sometimes(c, 4, "envFrom", func() any { return g.list(2, func(int) any { return object{"prefix": g.of("", "A", "DB_")} }) })
	g.sometimes(c, 2, "ports", func() any {
		return g.list(3, func(int) any {
			return g.withUnknownField(object{"containerPort": g.of(80, 2711, 2712, 3000, 9464, 32767)})
		})
	})
	g.sometimes(c, 2, "volumeMounts", func() any { return g.list(2, g.mount) })
	g.sometimes(c, 2, "resources", func() any { return g.resources() })
	g.sometimes(c, 3, "securityContext", func() any { return g.withUnknownField(object{"runAsUser": g.of(nil, 0, 1000, 2000)}) })
	g.sometimes(c, 4, "restartPolicy", func() any { return "Always" })
	return c
}

// sidecar makes a container one like ours, often with a part that is not.
func (g generator) sidecar(c object) object {
	c["image"] = g.of("podidentity/sidecar:v0", "mirror.internal/podidentity/sidecar@sha256:00", "podidentity/sidecar:v1", "mine/sidecar:v1")
	c["restartPolicy"] = "Always"
	c["args"] = []any{"--listen=127.0.0.1:2711"}
	g.sometimes(c, 6, "args", func() any { return []any{g.of("--identity=/mine", "wait", "--source=eks-auth")} })
	g.sometimes(c, 8, "command", func() any { return []any{"sleep"} })
	g.sometimes(c, 8, "envFrom", func() any { return []any{object{"prefix": "POD_"}} })
	g.sometimes(c, 2, "env", func() any {
		field := object{"fieldRef": object{"fieldPath": g.of("metadata.namespace", "metadata.namespace", "metadata.labels['mine']")}}
		return []any{object{"name": contract.EnvPodNamespace, "valueFrom": field}}
	})
	g.sometimes(c, 8, "env", func() any { return []any{object{"name": contract.EnvPodNamespace, "value": "team-payments"}} })
	return c
}

// variable has a different name at each index: the API server does not require that, but people write pods that way.
func (g generator) variable(i int) any {
	name := [][]any{
		{"A", "HTTP_PROXY", "https_proxy", "AWS_PROFILE", "AWS_REGION", "AWS_ROLE_ARN"},
		{"B", "NO_PROXY", "NO_PROXY", "AWS_EC2_METADATA_DISABLED", "AWS_CONTAINER_AUTHORIZATION_TOKEN"},
		{"C", "no_proxy", "AWS_DEFAULT_REGION", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ROLE_SESSION_NAME"},
		{"D", "all_proxy", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"},
	}[i]
	if i == 0 && g.oneIn(8) {
		return object{"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"}
	}
	v := g.withUnknownField(object{"name": g.of(name...)})
	g.sometimes(v, 2, "value", func() any { return g.of("", "x", "127.0.0.1", "*", ".svc, 10.0.0.0/8", contract.CredentialsURI(2711)) })
	if _, set := v["value"]; !set {
		g.sometimes(v, 2, "valueFrom", func() any { return g.withUnknownField(object{}) })
	}
	return v
}

func (g generator) volume(i int) any {
	if g.oneIn(6) && i == 0 {
		return g.withUnknownField(object{"name": contract.VolumeName, "projected": object{"sources": []any{
			object{"serviceAccountToken": object{"audience": g.of(contract.STSAudience, contract.STSAudience, "mine"), "path": contract.TokenFile}},
			g.of(
				object{"downwardAPI": object{"items": []any{object{"path": contract.IdentityFile, "fieldRef": object{
					"fieldPath": g.of("metadata.annotations['podidentity.dev/identity']", "metadata.annotations['mine']"),
				}}}}},
				object{"configMap": object{"name": "mine", "items": []any{object{"key": "a", "path": g.of(contract.IdentityFile, contract.STSCAFile)}}}},
				object{"secret": object{"name": "mine"}}),
		}}})
	}
	if g.oneIn(12) && i == 0 {
		source := object{"serviceAccountToken": object{"audience": g.of(contract.STSAudience, "mine"), "path": g.of(contract.TokenFile, contract.TokenFile, "mine")}}
		return g.withUnknownField(object{"name": contract.WebIdentityVolumeName, "projected": object{"sources": []any{source}}})
	}
	if g.oneIn(10) && i < 2 {
		return g.withUnknownField(object{"name": []string{contract.VolumeName, contract.AuthorizationVolumeName}[i], "emptyDir": object{"medium": g.of("", "Memory")}})
	}
	return g.withUnknownField(object{"name": fmt.Sprint("v", i), "emptyDir": object{}})
}

func (g generator) mount(i int) any {
	if g.oneIn(10) && i == 0 {
		return object{"name": "v0", "mountPath": g.of(contract.AuthorizationMountPath, contract.WebIdentityMountPath)}
	}
	return g.withUnknownField(object{"name": fmt.Sprint("v", i), "mountPath": fmt.Sprint("/v", i)})
}

func (g generator) resources() any {
	list := func() any {
		return g.of(nil, object{}, object{"cpu": "1"}, object{"cpu": "1", "memory": "1Gi"}, object{"cpu": "1000m", "memory": "1Gi"}, object{"cpu": "0", "memory": "1Gi"})
	}
	if g.oneIn(2) {
		both := list()
		return g.withUnknownField(object{"requests": both, "limits": both})
	}
	return g.withUnknownField(object{"requests": list(), "limits": list()})
}
