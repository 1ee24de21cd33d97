using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class SelectorTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "orders", ["example.com/type"] = "a" };

    [Theory]
    [InlineData("", true)]
    [InlineData("app", true)]
    [InlineData("!app", false)]
    [InlineData("!other", true)]
    [InlineData("app=orders", true)]
    [InlineData("app==orders", true)]
    [InlineData("app = orders", true)]
    [InlineData("app=", false)]
    [InlineData("app!=orders", false)]
    [InlineData("other!=orders", true)]
    [InlineData("app=orders,example.com/type=a", true)]
    [InlineData("app=orders,example.com/type=b", false)]
    [InlineData("app in (x, orders)", true)]
    [InlineData("app in (x,y),example.com/type", false)]
    [InlineData("app notin (x,y),example.com/type=a", true)]
    [InlineData("other notin (x)", true)]
    [InlineData("other in (x)", false)]
    public void A_label_selector_matches(string selector, bool expected) =>
        LabelSelector.Parse(selector).Matches(Labels).Should().Be(expected);

    [Theory]
    [InlineData("app in orders")]
    [InlineData("app near (x)")]
    [InlineData("=orders")]
    [InlineData("app=a b")]
    [InlineData("app,,other")]
    public void A_label_selector_that_is_none_is_answered_400(string selector) =>
        FluentActions.Invoking(() => LabelSelector.Parse(selector)).Should().Throw<ApiError>().Which.Status.Should().Be(400);

    [Theory]
    [InlineData("metadata.name=a", true)]
    [InlineData("metadata.name==a", true)]
    [InlineData("metadata.name!=a", false)]
    [InlineData("metadata.name=b", false)]
    [InlineData("metadata.namespace=default,metadata.name=a", true)]
    [InlineData("metadata.namespace!=default", false)]
    public void A_field_selector_matches(string selector, bool expected) =>
        FieldSelector.Parse(selector).Matches(new NamespacedName("default", "a")).Should().Be(expected);

    [Theory]
    [InlineData("data.k=v")]
    [InlineData("metadata.name")]
    public void A_field_selector_that_is_none_is_answered_400(string selector) =>
        FluentActions.Invoking(() => FieldSelector.Parse(selector)).Should().Throw<ApiError>().Which.Status.Should().Be(400);
}
