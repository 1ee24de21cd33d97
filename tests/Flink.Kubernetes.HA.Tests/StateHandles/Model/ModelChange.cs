namespace Flink.Kubernetes.HA.Tests.StateHandles.Model;

/// <summary>Why a change is refused.</summary>
[Flags]
internal enum Refusal
{
    None = 0,
    Exists = 1,
    NotFound = 2,
    Changed = 4,
}

/// <summary>What one change of an operation means, said without a store.</summary>
/// <param name="Key">The entry.</param>
/// <param name="Next">What stands afterwards; null: nothing.</param>
/// <param name="Refuses">By what must be refused, given what stands.</param>
/// <param name="MayRefuse">By what it may be refused besides.</param>
internal sealed record ModelChange(string Key, string? Next, Func<string?, Refusal> Refuses, Refusal MayRefuse = Refusal.None)
{
    public static ModelChange Add(string key, string value) => new(key, value, standing => standing is null ? Refusal.None : Refusal.Exists);

    public static ModelChange Replace(string key, string value) => new(key, value, standing => standing is null ? Refusal.NotFound : Refusal.None);

    public static ModelChange Replace(string key, string expected, string value) =>
        new(key, value, standing => standing is null ? Refusal.NotFound : standing == expected ? Refusal.None : Refusal.Changed);

    public static ModelChange Remove(string key) => new(key, null, _ => Refusal.None);

    /// <remarks>Nothing stands also where a later entry of the name is marked for removal: that is refused.</remarks>
    public static ModelChange Remove(string key, string expected) =>
        new(key, null, standing => standing is null || standing == expected ? Refusal.None : Refusal.Changed, Refusal.Changed);

    public static ModelChange Set(string key, string? expected, string? value) => new(key, value, standing => standing == expected ? Refusal.None : Refusal.Changed);
}
