package counterpart;

import java.util.List;
import java.util.Map;
import org.eclipse.edc.iam.verifiablecredentials.spi.model.VerifiableCredential;
import org.eclipse.edc.participant.spi.ParticipantAgentPolicyContext;
import org.eclipse.edc.policy.context.request.spi.RequestPolicyContext;
import org.eclipse.edc.policy.engine.spi.PolicyEngine;
import org.eclipse.edc.policy.engine.spi.RuleBindingRegistry;
import org.eclipse.edc.policy.model.Operator;
import org.eclipse.edc.policy.model.Permission;
import org.eclipse.edc.runtime.metamodel.annotation.Inject;
import org.eclipse.edc.spi.security.Vault;
import org.eclipse.edc.spi.system.ServiceExtension;
import org.eclipse.edc.spi.system.ServiceExtensionContext;

/** What its users add to a stock connector: the secret of its token service, what it demands, and one constraint. */
public class Credentials implements ServiceExtension {
    private static final String DEMANDED = "MembershipCredential";
    private static final String USE = "http://www.w3.org/ns/odrl/2/use";

    @Inject
    private PolicyEngine engine;
    @Inject
    private RuleBindingRegistry bindings;
    @Inject
    private Vault vault;

    @Override
    public String name() {
        return "Counterpart credentials";
    }

    @Override
    public void initialize(ServiceExtensionContext context) {
        var config = context.getConfig();
        vault.storeSecret(config.getString("counterpart.secret.alias"), config.getString("counterpart.secret.value"));
        // without a default scope it would demand nothing, and show nothing
        engine.registerPreValidator(RequestPolicyContext.class, (policy, asked) -> {
            asked.requestScopeBuilder().scope(config.getString("counterpart.scope"));
            return true;
        });
        var operand = config.getString("counterpart.operand");
        // what is bound to no scope is not enforced
        for (var scope : List.of("catalog", "contract.negotiation", "transfer.process")) {
            bindings.bind(USE, scope);
            bindings.bind(operand, scope);
        }
        engine.registerFunction(ParticipantAgentPolicyContext.class, Permission.class, operand,
            (operator, right, rule, it) -> operator == Operator.EQ && "active".equals(right)
                && isMember(it.participantAgent().getClaims()));
    }

    private static boolean isMember(Map<String, Object> claims) {
        return claims.get("vc") instanceof List<?> shown && shown.stream().anyMatch(one ->
            one instanceof VerifiableCredential credential && credential.getType().contains(DEMANDED));
    }
}
