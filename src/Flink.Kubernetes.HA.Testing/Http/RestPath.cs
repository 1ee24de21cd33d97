using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>The resource, namespace and name that a path names.</summary>
internal sealed record RestPath(ApiResource Resource, string? Namespace, string? Name)
{
    public static RestPath? Parse(string? path)
    {
        var segments = (path ?? string.Empty).Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (group, rest) = segments switch
        {
            ["api", "v1", .. var core] => (string.Empty, core),
            ["apis", var named, "v1", .. var others] => (named, others),
            _ => (string.Empty, []),
        };
        return rest switch
        {
            [var plural] => Of(group, plural, null, null),
            ["namespaces", var space, var plural] => Of(group, plural, space, null),
            ["namespaces", var space, var plural, var name] => Of(group, plural, space, name),
            _ => null,
        };
    }

    private static RestPath? Of(string group, string plural, string? space, string? name) =>
        ApiResource.Find(group, plural) is { } resource ? new RestPath(resource, space, name) : null;
}
