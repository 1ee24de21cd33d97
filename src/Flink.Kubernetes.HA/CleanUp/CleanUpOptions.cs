namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>How patient clean-up is.</summary>
public sealed class CleanUpOptions
{
    /// <summary>How often each step is tried before it is given up until the next <see cref="JobCleanUp.ResumeAsync"/>.</summary>
    /// <value>Default: 10.</value>
    public int MaximumTries { get; set; } = 10;

    /// <summary>The pause after the first failure; it doubles from failure to failure.</summary>
    /// <value>Default: 1 s.</value>
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause.</summary>
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
