namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Who asks for what: the attributes that RBAC and the request log see.</summary>
internal sealed record ApiCall(string User, string Verb, ApiResource Resource, string? Namespace, string? Name = null, string? Subresource = null)
{
    public NamespacedName Key => new(Namespace!, Name!);

    /// <summary>The resource as a rule names it, with its subresource and without its group.</summary>
    public string PluralName => WithSubresource(Resource.Plural);

    /// <summary>The resource with its group and its subresource.</summary>
    public string QualifiedName => WithSubresource(Resource.QualifiedName);

    private string WithSubresource(string resource) => Subresource is null ? resource : $"{resource}/{Subresource}";
}

/// <summary>What a user is refused; <c>*</c> stands for anything.</summary>
internal sealed record AccessRule(string User, string Verb, string Resource)
{
    public bool Covers(ApiCall call) =>
        Covers(User, call.User) && Covers(Verb, call.Verb) && (Covers(Resource, call.PluralName) || Resource == call.QualifiedName);

    private static bool Covers(string pattern, string value) => pattern == "*" || pattern == value;
}
