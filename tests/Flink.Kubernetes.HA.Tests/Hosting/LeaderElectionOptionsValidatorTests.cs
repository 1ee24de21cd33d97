namespace Flink.Kubernetes.HA.Tests.Hosting;

/// <summary>After client-go's table of configurations, with the rules that it lacks.</summary>
public sealed class LeaderElectionOptionsValidatorTests
{
    // lease, renew deadline, retry period, request timeout (seconds), clock rate error, parts of the one message; none: valid.
    public static TheoryData<double, double, double, double, double, string[]> Table => new()
    {
        { 15, 10, 2, 3, 0.01, [] },
        { 1, 0.9, 0.1, 0.2, 0.01, [] },
        { 11, 10, 2, 3, 0.01, [] },
        { 11, 10, 2, 3, 0, [] },
        { 86400, 40000, 2, 3, 0.3, [] },
        { 10, 10, 2, 3, 0.01, ["LeaseDuration (10 s) must be longer than RenewDeadline (10 s) × 1.0202 = 10.202 s", "1 % wrong", "at least 11 s", "shorter than 9.802 s"] },
        { 10, 10, 2, 3, 0, ["LeaseDuration (10 s) must be longer than RenewDeadline (10 s), or", "at least 11 s", "shorter than 10 s"] },
        { 9, 10, 2, 3, 0.01, ["LeaseDuration (9 s)", "at least 11 s"] },
        { 15, 10, 2, 3, 0.2, ["× 1.5 = 15 s", "20 % wrong", "at least 16 s"] },
        { 15, 5, 2, 3, 0.01, ["RenewDeadline (5 s) must be at least 1.3125 × RetryPeriod (2 s) + RequestTimeout (3 s) + 100 ms = 5.725 s", "one slow request"] },
        { 15, 5.725, 2, 3, 0.01, [] },
        { 15, 5.724, 2, 3, 0.01, ["RenewDeadline (5.724 s)"] },
        { 15, 10, 8, 3, 0.01, ["RetryPeriod (8 s) + RequestTimeout (3 s) + 100 ms = 13.6 s"] },
        { 1.5, 0.9, 0.1, 0.2, 0.01, ["LeaseDuration (1.5 s) is not in whole seconds", "use 2 s"] },
        { 0.5, 0.3, 0.1, 0.1, 0.01, ["LeaseDuration (500 ms) is not in whole seconds", "use 1 s"] },
        { 0, 10, 2, 3, 0.01, ["LeaseDuration (0 s) is out of range", "from 1 ms to 1 day"] },
        { -15, 10, 2, 3, 0.01, ["LeaseDuration (-15 s) is out of range"] },
        { 15, 0, 2, 3, 0.01, ["RenewDeadline (0 s) is out of range"] },
        { 15, 10, 0, 3, 0.01, ["RetryPeriod (0 s) is out of range"] },
        { 15, 10, 0.0001, 3, 0.01, ["RetryPeriod (0.1 ms) is out of range"] },
        { 15, 10, 2, 0, 0.01, ["RequestTimeout (0 s) is out of range"] },
        { 15, 10, 2, -0.001, 0.01, ["RequestTimeout (-1 ms) is out of range"] },
        { 15 * 86400, 10, 2, 3, 0.01, ["LeaseDuration (15 days) is out of range", "'00:00:15'"] },
        { 15, 10, 2, 3, 0.5, ["MaxClockRateError (0.5) is out of range"] },
        { 15, 10, 2, 3, -0.01, ["MaxClockRateError (-0.01)"] },
        { 15, 10, 2, 3, double.NaN, ["MaxClockRateError (NaN)"] },
        { 15, 10, 2, 3, double.PositiveInfinity, ["MaxClockRateError"] },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_configuration_passes_or_is_told_why_not(double lease, double deadline, double retry, double request, double error, string[] parts)
    {
        var failures = Check(lease, deadline, retry, request, error);

        failures.Should().HaveCount(parts.Length == 0 ? 0 : 1);
        foreach (var part in parts)
        {
            failures[0].Should().Contain(part);
        }
    }

    [Fact]
    public void Both_rules_between_times_are_told_at_once() => Check(10, 10, 8, 3, 0.01).Should().HaveCount(2);

    [Fact]
    public void Endless_times_are_refused()
    {
        var failures = new List<string>();

        LeaderElectionOptionsValidator.Check(
            new LeaderElectionOptions { LeaseDuration = TimeSpan.MaxValue, RenewDeadline = Timeout.InfiniteTimeSpan, RetryPeriod = TimeSpan.MinValue }, failures);

        failures.Should().HaveCount(3);
    }

    [Theory]
    [InlineData(10, 0.01)]
    [InlineData(7.3, 0.2)]
    [InlineData(1, 0)]
    [InlineData(33, 0.49)]
    public void The_advice_given_is_followed_to_a_valid_configuration(double deadline, double error)
    {
        var message = Check(1, deadline, 0.1, 0.1, error).Should().ContainSingle().Which;
        var advised = message.Split("at least ")[1].Split(" s")[0];

        Check(double.Parse(advised, CultureInfo.InvariantCulture), deadline, 0.1, 0.1, error).Should().BeEmpty();
    }

    private static List<string> Check(double lease, double deadline, double retry, double request, double error)
    {
        var failures = new List<string>();
        LeaderElectionOptionsValidator.Check(
            new LeaderElectionOptions
            {
                LeaseDuration = TimeSpan.FromSeconds(lease),
                RenewDeadline = TimeSpan.FromSeconds(deadline),
                RetryPeriod = TimeSpan.FromSeconds(retry),
                RequestTimeout = TimeSpan.FromSeconds(request),
                MaxClockRateError = error,
            },
            failures);
        return failures;
    }
}
