namespace ApplicationCluster;

/// <summary>One component's change of leader, and how long it took until a follower had heard of it.</summary>
internal sealed record Takeover(string Cause, string Component, string From, string To, TimeSpan Took);
