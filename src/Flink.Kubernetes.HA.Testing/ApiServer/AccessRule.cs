namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>What a user is refused; <c>*</c> stands for anything.</summary>
internal sealed record AccessRule(string User, string Verb, string Resource)
{
    public bool Covers(ApiCall call) =>
        Covers(User, call.User) && Covers(Verb, call.Verb) && (Covers(Resource, call.Resource.Plural) || Resource == call.Resource.QualifiedName);

    private static bool Covers(string pattern, string value) => pattern == "*" || pattern == value;
}
