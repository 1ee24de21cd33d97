namespace Flink.Kubernetes.HA.Storage.Tests;

public sealed class StateKeyTests
{
    [Fact]
    public void Segments_are_joined_to_a_key() => Assert.Equal("orders/4f2a/checkpoint-17", StateKey.Of("orders", "4f2a", "checkpoint-17").Value);

    [Fact]
    public void A_segment_can_t_smuggle_in_another() => Assert.Throws<ArgumentException>(() => StateKey.Of("orders", "../secrets"));

    [Theory]
    [InlineData("a/../b", "begins with a dot")]
    [InlineData("a//b", "a segment is empty")]
    [InlineData("a/b.", "ends with a dot")]
    [InlineData("a/ b", "white space")]
    [InlineData("a\\b", "one of")]
    [InlineData("a\u0001b", "control character")]
    [InlineData("u\u0308", "form C")]
    public void What_is_no_key_is_told_and_why(string text, string reason)
    {
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => new StateKey(text)).Message, StringComparison.Ordinal);
        Assert.Null(StateKey.TryCreate(text));
    }

    [Fact]
    public void A_message_holds_no_control_characters_of_a_hostile_key() =>
        Assert.DoesNotContain('\u001B', Assert.Throws<ArgumentException>(() => new StateKey("\u001B[2Jforged")).Message);

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a/")]
    [InlineData("a/b")]
    [InlineData("a/b.")]
    [InlineData("a ")]
    public void A_prefix_may_end_anywhere_in_a_key(string prefix) => Assert.Equal(prefix, StateKey.CheckPrefix(prefix));

    [Fact]
    public void Keys_with_the_same_text_are_equal() => Assert.Equal(new StateKey("a/b"), StateKey.Of("a", "b"));
}
