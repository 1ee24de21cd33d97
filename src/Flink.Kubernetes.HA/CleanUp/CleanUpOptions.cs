namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>The options for retries during clean-up.</summary>
public sealed class CleanUpOptions
{
    /// <summary>The maximum number of attempts of each step, until the clean-up is resumed.</summary>
    /// <value>Default: 10.</value>
    public int MaximumTries { get; set; } = 10;

    /// <summary>The delay after the first failure; it doubles with each further one.</summary>
    /// <value>Default: 1 s.</value>
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest delay between two attempts.</summary>
    /// <value>Default: 30 s.</value>
    public TimeSpan LongestDelay { get; set; } = TimeSpan.FromSeconds(30);

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumTries, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(FirstDelay, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(LongestDelay, FirstDelay);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LongestDelay, TimeSpan.FromDays(1));
    }
}
