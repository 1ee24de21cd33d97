namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

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
/// <param name="Next">What is stored afterwards; null: nothing.</param>
/// <param name="Refuses">As what it must be refused, given what is stored.</param>
/// <param name="MayRefuse">As what it may be refused too.</param>
internal sealed record ModelChange(string Key, string? Next, Func<string?, Refusal> Refuses, Refusal MayRefuse = Refusal.None)
{
    public static ModelChange Add(string key, string value) => new(key, value, stored => stored is null ? Refusal.None : Refusal.Exists);

    public static ModelChange Replace(string key, string value) => new(key, value, stored => stored is null ? Refusal.NotFound : Refusal.None);

    public static ModelChange Replace(string key, string expected, string value) =>
        new(key, value, stored => stored is null ? Refusal.NotFound : stored == expected ? Refusal.None : Refusal.Changed);

    public static ModelChange Remove(string key) => new(key, null, _ => Refusal.None);

    /// <remarks>Nothing is live where a later entry of the name is marked for removal, which is refused.</remarks>
    public static ModelChange Remove(string key, string expected) =>
        new(key, null, stored => stored is null || stored == expected ? Refusal.None : Refusal.Changed, Refusal.Changed);

    public static ModelChange Set(string key, string? expected, string? value) =>
        new(key, value, stored => stored == expected ? Refusal.None : Refusal.Changed);

    /// <summary>As what it must or may be refused.</summary>
    public Refusal AllRefusals(string? stored) => Refuses(stored) | (stored is null ? MayRefuse : Refusal.None);
}
