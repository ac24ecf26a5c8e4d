-- The health of a PodIdentityAssociation for Argo CD. docs/gitops.md says where it goes.
local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "the webhook has not seen this version of it yet"}
end
local note = ""
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Ready" and condition.status ~= "True" then
    return {status = "Degraded", message = condition.reason .. ": " .. condition.message}
  end
  if condition.type == "SessionVerified" and condition.status == "False" then
    note = condition.reason .. ": " .. condition.message
  end
end
return {status = "Healthy", message = note}
